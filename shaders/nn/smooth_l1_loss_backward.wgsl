import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// y = (a - b) / beta where |a - b| < beta, and the sign of a - b elsewhere: the slope in a.

fn smooth_l1_loss_backward(a: vec4f, b: vec4f, beta: f32) -> vec4f {
  let d = a - b;
  return select(sign(d), d / beta, abs(d) < vec4f(beta));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, smooth_l1_loss_backward(pair.a, pair.b, dims.parameters.x));
}
