import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// y = -b, or -exp(b) with log_target 1: the slope of kl_div in a.

fn kl_div_backward_input(a: vec4f, b: vec4f, log_target: f32) -> vec4f {
  return -select(b, exp(max(b, vec4f(NOTHING))), vec4<bool>(log_target > 0.0));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, kl_div_backward_input(pair.a, pair.b, dims.parameters.x));
}
