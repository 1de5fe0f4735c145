import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// y = b (log b - a), 0 where b is 0: how far the probabilities b are from those whose logarithms are
// a. With log_target 1 b holds logarithms too.

fn kl_div(a: vec4f, b: vec4f, log_target: f32) -> vec4f {
  let logs = vec4<bool>(log_target > 0.0);
  let p = select(b, exp(max(b, vec4f(NOTHING))), logs);
  let log_p = select(log(b), b, logs);
  return select(p * (log_p - a), vec4f(), !logs & (b == vec4f()));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, kl_div(pair.a, pair.b, dims.parameters.x));
}
