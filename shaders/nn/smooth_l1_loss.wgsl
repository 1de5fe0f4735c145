import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// y = d^2 / (2 beta) where d = |a - b| < beta, and d - beta / 2 elsewhere.

fn smooth_l1_loss(a: vec4f, b: vec4f, beta: f32) -> vec4f {
  let d = abs(a - b);
  return select(d - 0.5 * beta, 0.5 * d * (d / beta), d < vec4f(beta));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, smooth_l1_loss(pair.a, pair.b, dims.parameters.x));
}
