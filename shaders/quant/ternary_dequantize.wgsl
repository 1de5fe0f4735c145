// y[i] = trit i * scale. packed: two bits a code, four a byte, the first in bits 0-1; scale: one
// float; y: n floats. One invocation turns a byte into 4 floats.

import package::lib::grid::linear_index;
import package::quant::ternary::trit_at;

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let b = linear_index(group, groups, local, 64u);
  let first = b * 4u;
  let byte = packed[b / 4u] >> (8u * (b & 3u));
  for (var k = 0u; k < 4u && first + k < sizes.n; k++) {
    y[first + k] = f32(trit_at(byte, 2u * k)) * scale[0];
  }
}
