import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::root::root;

// One step of Adadelta, in place over `count` elements: g = grad + l2 param, square_avg = rho
// square_avg + (1 - rho) g^2, delta = g sqrt(acc_delta + eps) / sqrt(square_avg + eps), acc_delta
// likewise of delta, param -= lr delta. 16 flops and 28 bytes an element.

struct Step {
  count: u32,
  lr: f32,
  l2: f32, // weight decay
  rho: f32,
  rest_of_rho: f32, // 1 - rho
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> square_avg: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> acc_delta: array<vec4f>;
@group(0) @binding(4) var<uniform> step: Step;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  if (4u * i >= step.count) {
    // What lies past the end may be read as the last element, which another invocation changes.
    return;
  }
  let before = param[i];
  let averages = square_avg[i];
  let deltas = acc_delta[i];
  let g = grad[i] + step.l2 * before;
  let squares = step.rho * averages + step.rest_of_rho * (g * g);
  let delta = root(deltas + step.eps) / root(squares + step.eps) * g;
  let among = inside(i, step.count);
  square_avg[i] = select(averages, squares, among);
  acc_delta[i] = select(deltas, step.rho * deltas + step.rest_of_rho * (delta * delta), among);
  param[i] = select(before, before - step.lr * delta, among);
}
