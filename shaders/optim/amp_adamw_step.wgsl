import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::adam::{Adam, AdamStep, Moments, moments, moved};

// As adamw_step, where what was found on the device decides: nothing changes where found_inf is not
// 0, and the numbers of the step are in the row of `rates` that `steps`, the count of steps taken,
// names: decay, size, correction. Steps behind the last row take that one.

struct Dims {
  count: u32,
  rows: u32,
  l2: f32,
  rest_of_beta1: f32,
  beta2: f32,
  rest_of_beta2: f32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read> found_inf: array<f32>;
@group(0) @binding(2) var<storage, read> steps: array<u32>;
@group(0) @binding(3) var<storage, read> rates: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> exp_avg: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> exp_avg_sq: array<vec4f>;
@group(0) @binding(7) var<uniform> dims: Dims;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  if (found_inf[0] != 0.0) {
    return;
  }
  let i = linear_index(group, groups, lane, MANY);
  if (4u * i >= dims.count) {
    // What lies past the end may be read as the last element, which another invocation changes.
    return;
  }
  let row = rates[min(steps[0], dims.rows - 1u)];
  let adam = Adam(dims.l2, dims.rest_of_beta1, dims.beta2, dims.rest_of_beta2, dims.eps);
  let before = param[i];
  let old = Moments(exp_avg[i], exp_avg_sq[i]);
  let now = moments(before, grad[i], old, adam);
  let p = moved(before, now, adam, AdamStep(row.x, row.y, row.z));
  let among = inside(i, dims.count);
  param[i] = select(before, p, among);
  exp_avg[i] = select(old.exp_avg, now.exp_avg, among);
  exp_avg_sq[i] = select(old.exp_avg_sq, now.exp_avg_sq, among);
}
