// q[i] = index of the value of `map` nearest to x[i] * (1/absmax of its block). x: n floats; map:
// 256 ascending floats; absmax: float32 bits of each block; q: one byte an element. Nearest: a tie
// goes to the lower value. LUT16: y is first rounded to one of 65,536 steps between -1 and 1, as
// bitsandbytes' CPU code does by a table. One invocation makes a word of 4 codes, 9 reads of the
// map each.

import package::lib::grid::linear_index;
import package::lib::block_scale::{block_scale, relative_to_block};

struct Sizes {
  n: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read> absmax: array<u32>;
@group(0) @binding(3) var<storage, read_write> q: array<u32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override LUT16: bool = false;

fn nearest(y: f32) -> u32 {
  var low = 0u; // the largest index whose value is not above y, or 0
  for (var step = 128u; step != 0u; step /= 2u) {
    if (map[low + step] <= y) {
      low += step;
    }
  }
  let high = min(low + 1u, 255u);
  return select(low, high, map[high] - y < y - map[low]);
}

fn code_of(y: f32) -> u32 {
  if (LUT16) {
    return nearest(floor((y + 1.0) * 32767.5 + 0.5) / 32767.5 - 1.0);
  }
  return nearest(y);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, 64u);
  let first = w * 4u;
  if (first >= sizes.n) {
    return;
  }
  let scale = block_scale(absmax[first / sizes.block]);
  var word = 0u;
  for (var k = 0u; k < 4u && first + k < sizes.n; k++) {
    word |= code_of(relative_to_block(x[first + k], scale)) << (8u * k);
  }
  q[w] = word;
}
