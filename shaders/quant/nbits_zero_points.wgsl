import package::lib::grid::{ MANY, linear_index };

// Zero points of blocks, codes of BITS bits, 8 / BITS of them a byte, the first in the lowest bits; a row
// of blocks is whole bytes, and what fills its last one up is the middle code. steps: of each block a
// number that is not read here, and its zero point; zero_points: bytes. One invocation makes a word;
// what fills the last one up is not of the result.

struct Sizes {
  bytes: u32,
  row_bytes: u32,
  per_row: u32, // blocks
}

@group(0) @binding(0) var<storage, read> steps: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> zero_points: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;

fn byte_at(i: u32) -> u32 {
  let row = i / sizes.row_bytes;
  let first = (i - row * sizes.row_bytes) * 8u / BITS;
  var byte = 0u;
  for (var bit = 0u; bit < 8u; bit += BITS) {
    let b = first + bit / BITS;
    let zero = u32(steps[row * sizes.per_row + b].y);
    byte |= select(1u << (BITS - 1u), zero, b < sizes.per_row) << bit;
  }
  return byte;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = 4u * linear_index(group, groups, lane, MANY);
  if (first >= sizes.bytes) {
    return;
  }
  var word = 0u;
  for (var k = 0u; k < 4u; k++) {
    word |= byte_at(first + k) << (8u * k);
  }
  zero_points[first / 4u] = word;
}
