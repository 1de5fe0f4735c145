import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};
import package::math::power::power;

// y = a^b.

fn pow_forward(a: vec4f, b: vec4f) -> vec4f {
  return power(a, b);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, pow_forward(pair.a, pair.b));
}
