// q[i] = index of the value of `map` nearest to x[i] * (1/absmax) of its block. x: n floats; map:
// 256 ascending floats; absmax: float32 bits of each block; q: one byte an element. One invocation
// makes a word of 4 codes.

import package::lib::block_scale::{block_scale, relative_to_block};
import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::quant::map_codes::code_of;

struct Sizes {
  n: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(2) var<storage, read> absmax: array<u32>;
@group(0) @binding(3) var<storage, read_write> q: array<u32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, MANY);
  let first = w * 4u;
  if (first >= sizes.n) {
    return;
  }
  let scale = block_scale(absmax[first / sizes.block]);
  let bits = vec4u(x[first], x[first + 1u], x[first + 2u], x[first + 3u]);
  let y = relative_to_block(bits, scale);
  let codes = vec4u(code_of(y.x, 0u), code_of(y.y, 0u), code_of(y.z, 0u), code_of(y.w, 0u));
  let bytes = select(vec4u(), codes << vec4u(0u, 8u, 16u, 24u), inside(w, sizes.n));
  q[w] = bytes.x | bytes.y | bytes.z | bytes.w;
}
