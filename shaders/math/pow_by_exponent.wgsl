import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};
import package::math::power::power;

// y = a^b ln a, the derivative of a^b by b; that of 0^b is 0 where b is not negative.

fn pow_by_exponent(a: vec4f, b: vec4f) -> vec4f {
  return select(power(a, b) * log(a), vec4f(), (a == vec4f()) & (b >= vec4f()));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, pow_by_exponent(pair.a, pair.b));
}
