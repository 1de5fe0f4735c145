import package::lib::grid::linear_index;
import package::optim::root::root_of;

// One step of Adam or AdamW with amsgrad, in place over `count` elements: as optim/adamw_step, but
// divided by the root of the largest second moment so far. 16 flops and 36 bytes an element.

struct Step {
  count: u32,
  decay: f32, // AdamW: 1 - lr * weight_decay; Adam: 1
  l2: f32,    // Adam: weight_decay; AdamW: 0
  rest_of_beta1: f32, // 1 - beta1
  beta2: f32,
  rest_of_beta2: f32, // 1 - beta2
  size: f32,          // lr / (1 - beta1^t)
  correction: f32,    // sqrt(1 - beta2^t)
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read_write> param: array<f32>;
@group(0) @binding(2) var<storage, read_write> exp_avg: array<f32>;
@group(0) @binding(3) var<storage, read_write> exp_avg_sq: array<f32>;
@group(0) @binding(4) var<storage, read_write> max_exp_avg_sq: array<f32>;
@group(0) @binding(5) var<uniform> step: Step;

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
  let m = exp_avg[i] + step.rest_of_beta1 * (g - exp_avg[i]);
  let v = step.beta2 * exp_avg_sq[i] + step.rest_of_beta2 * (g * g);
  let largest = max(max_exp_avg_sq[i], v);
  exp_avg[i] = m;
  exp_avg_sq[i] = v;
  max_exp_avg_sq[i] = largest;
  param[i] = step.decay * param[i] - step.size * m / (root_of(largest) / step.correction + step.eps);
}
