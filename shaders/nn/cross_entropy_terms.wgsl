import package::lib::axes::along;
import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// y = (factor t + offset) v weight, element by element: what makes terms of a cross entropy of
// probabilities, which factor and offset smooth, and of its gradients. t and y: [count]; v and
// weight repeat along axes of y, as numpy has it, or weight is absent and 1. Four elements an
// invocation; 12 bytes moved an element.

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
// Whether each four lie along the innermost axis.
override FOURS: bool = false;

// Where v and weight of element `index` of y are.
fn places(index: u32) -> vec2u {
  var walk = vec4u(index, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  return walk.yz;
}

fn term(i: u32, place: vec2u) -> f32 {
  let smoothed = dims.factor * t[i] + dims.offset;
  return smoothed * v[place.x] * select(1.0, weight[place.y], WEIGHTED);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 4u * linear_index(group, groups, lane, MANY);
  if (i >= dims.count) {
    return;
  }
  if (FOURS) {
    let place = places(i);
    let next = dims.axes[0].yz;
    y[i] = term(i, place);
    y[i + 1u] = term(i + 1u, place + next);
    y[i + 2u] = term(i + 2u, place + 2u * next);
    y[i + 3u] = term(i + 3u, place + 3u * next);
    return;
  }
  for (var e = i; e < end_of(i, dims.count); e++) {
    y[e] = term(e, places(e));
  }
}
