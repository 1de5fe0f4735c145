// y[i] = map[q[i]] * absmax[i / block] (+ offset). q: n bytes; map: 256 floats; offset: one float,
// used with HAS_OFFSET. One invocation turns a word of 4 codes into 4 floats.

import package::lib::grid::{ MANY, linear_index };

struct Sizes {
  n: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> q: array<u32>;
@group(0) @binding(1) var<storage, read> map: array<f32>;
@group(0) @binding(2) var<storage, read> absmax: array<f32>;
@group(0) @binding(3) var<storage, read> offset: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

override HAS_OFFSET: bool = false;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, MANY);
  let first = w * 4u;
  let codes = q[w];
  let scale = absmax[first / sizes.block];
  let shift = select(0.0, offset[0], HAS_OFFSET);
  for (var k = 0u; k < 4u && first + k < sizes.n; k++) {
    y[first + k] = map[(codes >> (8u * k)) & 255u] * scale + shift;
  }
}
