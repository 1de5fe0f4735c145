import package::lib::grid::linear_index;
import package::optim::root::root_of;

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

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read_write> param: array<f32>;
@group(0) @binding(2) var<storage, read_write> square_avg: array<f32>;
@group(0) @binding(3) var<storage, read_write> acc_delta: array<f32>;
@group(0) @binding(4) var<uniform> step: Step;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= step.count) {
    return;
  }
  let g = grad[i] + step.l2 * param[i];
  let squares = step.rho * square_avg[i] + step.rest_of_rho * (g * g);
  let delta = root_of(acc_delta[i] + step.eps) / root_of(squares + step.eps) * g;
  square_avg[i] = squares;
  acc_delta[i] = step.rho * acc_delta[i] + step.rest_of_rho * (delta * delta);
  param[i] -= step.lr * delta;
}
