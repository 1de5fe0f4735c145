import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// trits[i] = 0 where |w[i]| is below the magnitude that was found for its row, or is equal to it and lies
// at `last` or before, else the sign of w[i]. w: n floats in rows of `width`; found, last: three words
// a row, the bits of the magnitude and the place in the row first; trits: signed bytes; threshold:
// the bits of each row's magnitude. One invocation makes a word of 4.

struct Sizes {
  n: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> w: array<u32>;
@group(0) @binding(1) var<storage, read> found: array<u32>;
@group(0) @binding(2) var<storage, read> last: array<u32>;
@group(0) @binding(3) var<storage, read_write> trits: array<u32>;
@group(0) @binding(4) var<storage, read_write> threshold: array<u32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let out = linear_index(group, groups, lane, MANY);
  if (4u * out >= sizes.n) {
    return;
  }
  var word = 0u;
  for (var i = 4u * out; i < end_of(4u * out, sizes.n); i++) {
    let row = i / sizes.width;
    let magnitude = w[i] & 0x7fffffffu;
    let limit = found[3u * row] & 0x7fffffffu;
    if (i % sizes.width == 0u) {
      threshold[row] = limit;
    }
    let is_after = magnitude == limit && i % sizes.width > last[3u * row];
    if (magnitude > limit || (is_after && magnitude != 0u)) {
      word |= select(1u, 255u, (w[i] >> 31u) != 0u) << (8u * (i % 4u));
    }
  }
  trits[out] = word;
}
