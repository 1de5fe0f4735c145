import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::root::root;

// One step of NAdam, in place over `count` elements: Adam's moments, and a step along the gradient
// and the first moment, each by a share that the host knows. 20 flops and 28 bytes an element.

struct Step {
  count: u32,
  decay: f32, // 1 - lr * weight_decay where that is decoupled, else 1
  l2: f32,    // weight_decay where that is not
  rest_of_beta1: f32, // 1 - beta1
  beta2: f32,
  rest_of_beta2: f32, // 1 - beta2
  direct: f32,        // of the gradient
  ahead: f32,         // of the first moment
  correction: f32,    // sqrt(1 - beta2^t)
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> exp_avg: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> exp_avg_sq: array<vec4f>;
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
  let average = exp_avg[i];
  let squares = exp_avg_sq[i];
  let g = grad[i] + step.l2 * before;
  let m = average + step.rest_of_beta1 * (g - average);
  let v = step.beta2 * squares + step.rest_of_beta2 * (g * g);
  let denominator = root(v) / step.correction + step.eps;
  let p = step.decay * before - step.direct * g / denominator - step.ahead * m / denominator;
  let among = inside(i, step.count);
  exp_avg[i] = select(average, m, among);
  exp_avg_sq[i] = select(squares, v, among);
  param[i] = select(before, p, among);
}
