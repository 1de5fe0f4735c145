import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::momentum::{Descent, Momentum, descent};

// One step of SGD, in place over flat buffers of `count` elements. Four elements an invocation; 9
// flops and 20 bytes an element.

struct Step {
  count: u32,
  lr: f32,
  l2: f32,
  keep: f32,
  gain: f32,
  direct: f32,
  ahead: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> momentum_buffer: array<vec4f>;
@group(0) @binding(3) var<uniform> step: Step;

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
  let now = Momentum(step.lr, step.l2, step.keep, step.gain, step.direct, step.ahead);
  let before = Descent(param[i], momentum_buffer[i]);
  let after = descent(before, grad[i], now);
  let among = inside(i, step.count);
  param[i] = select(before.param, after.param, among);
  momentum_buffer[i] = select(before.buffer, after.buffer, among);
}
