import package::lib::axes::along;
import package::lib::grid::linear_index;

// y = (factor t + offset) v weight, element by element: what makes terms of a cross entropy of
// probabilities, which factor and offset smooth, and of its gradients. t and y: [count]; v and
// weight repeat along axes of y, as numpy has it, or weight is absent and 1. 12 bytes moved an
// element.

struct Dims {
  count: u32,
  factor: f32,
  offset: f32,
  // Innermost first: size of y, stride of v, stride of weight; past the last a size that ends the
  // walk.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> t: array<f32>;
@group(0) @binding(1) var<storage, read> v: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

override WEIGHTED: bool = false;

// Where v and weight of element `index` of y are.
fn places(index: u32) -> vec2u {
  var walk = vec4u(index, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  return walk.yz;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let place = places(i);
  let smoothed = dims.factor * t[i] + dims.offset;
  y[i] = smoothed * v[place.x] * select(1.0, weight[place.y], WEIGHTED);
}
