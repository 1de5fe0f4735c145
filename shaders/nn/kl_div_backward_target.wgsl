import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// y = 1 + log b - a, or exp(b) (1 + b - a) with log_target 1: the slope of kl_div in b.

fn kl_div_backward_target(a: vec4f, b: vec4f, log_target: f32) -> vec4f {
  let logs = vec4<bool>(log_target > 0.0);
  let log_p = select(log(b), b, logs);
  let slope = (log_p - a) + 1.0;
  return select(slope, exp(max(b, vec4f(NOTHING))) * slope, logs);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, kl_div_backward_target(pair.a, pair.b, dims.parameters.x));
}
