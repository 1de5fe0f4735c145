import package::lib::grid::linear_index;

// x = x / max(norm, eps), in place over `count` elements: no singular value of it is above 1. 1 flop
// and 8 bytes an element.

struct Dims {
  count: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> norm: array<f32>;
@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i < dims.count) {
    x[i] = x[i] / max(norm[0], dims.eps);
  }
}
