import package::lib::grid::linear_index;

// y = keep y + gain x, in place over `count` elements. 3 flops and 12 bytes an element.

struct Dims {
  count: u32,
  keep: f32,
  gain: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i < dims.count) {
    y[i] = dims.keep * y[i] + dims.gain * x[i];
  }
}
