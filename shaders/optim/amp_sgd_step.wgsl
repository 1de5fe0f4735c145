import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::momentum::{Descent, Momentum, descent};

// As sgd_step, where what was found on the device decides: nothing changes where found_inf is not
// 0, and the numbers of the step are in the row of `rates` that `steps`, the count of steps taken,
// names: lr, keep, gain. Steps behind the last row take that one.

struct Dims {
  count: u32,
  rows: u32,
  l2: f32,
  direct: f32,
  ahead: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read> found_inf: array<f32>;
@group(0) @binding(2) var<storage, read> steps: array<u32>;
@group(0) @binding(3) var<storage, read> rates: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> momentum_buffer: array<vec4f>;
@group(0) @binding(6) var<uniform> dims: Dims;

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
  let now = Momentum(row.x, dims.l2, row.y, row.z, dims.direct, dims.ahead);
  let before = Descent(param[i], momentum_buffer[i]);
  let after = descent(before, grad[i], now);
  let among = inside(i, dims.count);
  param[i] = select(before.param, after.param, among);
  momentum_buffer[i] = select(before.buffer, after.buffer, among);
}
