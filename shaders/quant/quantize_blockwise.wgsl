// q[i] = index of the value of `map` nearest to x[i] * (1/absmax) of its block. x: n floats; map:
// 256 ascending floats; absmax: float32 bits of each block; q: one byte an element. One invocation
// makes a word of 4 codes.

import package::lib::grid::linear_index;
import package::lib::block_scale::{block_scale, relative_to_block};
import package::quant::map_codes::code_of;

struct Sizes {
  n: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> absmax: array<u32>;
@group(0) @binding(3) var<storage, read_write> q: array<u32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

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
    word |= code_of(relative_to_block(x[first + k], scale), 0u) << (8u * k);
  }
  q[w] = word;
}
