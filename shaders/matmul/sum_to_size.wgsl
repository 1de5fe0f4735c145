import package::lib::grid::linear_index;

// y = x summed over the axes along which y repeats, float32. x and y have up to four kept and four summed axes; [count] elements of y
// add `terms` elements of x each, one invocation an element.

struct Dims {
  kept_shape: vec4u,
  kept_stride: vec4u, // of x, in elements
  summed_shape: vec4u,
  summed_stride: vec4u,
  count: u32,
  terms: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> dims: Dims;

fn offset(index: u32, shape: vec4u, stride: vec4u) -> u32 {
  let at = vec4u(index / (shape.w * shape.z * shape.y), index / (shape.w * shape.z) % shape.y, index / shape.w % shape.z, index % shape.w);
  return dot(at, stride);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let start = offset(i, dims.kept_shape, dims.kept_stride);
  var sum = 0.0;
  for (var t = 0u; t < dims.terms; t++) {
    sum += x[start + offset(t, dims.summed_shape, dims.summed_stride)];
  }
  y[i] = sum;
}
