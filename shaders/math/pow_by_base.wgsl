import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};
import package::math::power::power;

// y = b a^(b - 1), the derivative of a^b by a; that of a^0 is 0.

fn pow_by_base(a: vec4f, b: vec4f) -> vec4f {
  return select(b * power(a, b - 1.0), vec4f(), b == vec4f());
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, pow_by_base(pair.a, pair.b));
}
