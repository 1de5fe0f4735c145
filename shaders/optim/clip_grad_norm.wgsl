import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::non_finite::{INFINITY, MAGNITUDE, NOT_A_NUMBER};

// g *= min(1, max_norm / (norm + eps)), in place over `count` words of floats. Four elements an
// invocation; 1 flop and 8 bytes an element. An infinite norm makes finite elements 0 and others no
// numbers, a norm that is no number makes all of them none.

struct Dims {
  count: u32,
  max_norm: f32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> norm: u32;
@group(0) @binding(1) var<storage, read_write> g: array<vec4u>;
@group(0) @binding(2) var<uniform> dims: Dims;

fn clipped(words: vec4u) -> vec4u {
  let size = norm & MAGNITUDE;
  if (size >= INFINITY) {
    return select(vec4u(0u), vec4u(NOT_A_NUMBER), ((words & vec4u(MAGNITUDE)) >= vec4u(INFINITY)) | vec4<bool>(size > INFINITY));
  }
  let length = bitcast<f32>(norm) + dims.eps;
  if (length <= dims.max_norm) {
    return words;
  }
  return bitcast<vec4u>(bitcast<vec4f>(words) * (dims.max_norm / length));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  if (4u * i >= dims.count) {
    // What lies past the end may be read as the last element, which another invocation changes.
    return;
  }
  let before = g[i];
  g[i] = select(before, clipped(before), inside(i, dims.count));
}
