import package::lib::grid::linear_index;
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

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  if (found_inf[0] != 0.0) {
    return;
  }
  let i = linear_index(group, groups, lane, 64u);
  if (4u * i >= dims.count) {
    // What lies past the end may be read as the last element, which another invocation changes.
    return;
  }
  let row = rates[min(steps[0], dims.rows - 1u)];
  let adam = Adam(dims.l2, dims.rest_of_beta1, dims.beta2, dims.rest_of_beta2, dims.eps);
  let after = moments(param[i], grad[i], Moments(exp_avg[i], exp_avg_sq[i]), adam);
  let p = moved(param[i], after, adam, AdamStep(row.x, row.y, row.z));
  let whole = dims.count / 4u;
  if (i < whole) {
    param[i] = p;
    exp_avg[i] = after.exp_avg;
    exp_avg_sq[i] = after.exp_avg_sq;
  } else {
    for (var c = 0u; c < dims.count % 4u; c++) {
      param[i][c] = p[c];
      exp_avg[i][c] = after.exp_avg[c];
      exp_avg_sq[i][c] = after.exp_avg_sq[c];
    }
  }
}
