import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::adam::{Adam, AdamStep, Moments, moments, moved};

// One step of Adam or AdamW, in place over flat buffers of `count` elements. Four elements an
// invocation; 15 flops and 28 bytes an element.

struct Step {
  count: u32,
  decay: f32,
  l2: f32,
  rest_of_beta1: f32,
  beta2: f32,
  rest_of_beta2: f32,
  step_size: f32,
  correction: f32,
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
  let adam = Adam(step.l2, step.rest_of_beta1, step.beta2, step.rest_of_beta2, step.eps);
  let before = param[i];
  let old = Moments(exp_avg[i], exp_avg_sq[i]);
  let now = moments(before, grad[i], old, adam);
  let p = moved(before, now, adam, AdamStep(step.decay, step.step_size, step.correction));
  let among = inside(i, step.count);
  param[i] = select(before, p, among);
  exp_avg[i] = select(old.exp_avg, now.exp_avg, among);
  exp_avg_sq[i] = select(old.exp_avg_sq, now.exp_avg_sq, among);
}
