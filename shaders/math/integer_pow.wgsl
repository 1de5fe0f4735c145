import package::lib::grid::{ MANY, linear_index };
import package::math::integer_binary::{operands, store};

// y = a^b of integers of 32 bits; what overflows wraps. To a negative power 1 and -1 alone are more
// than 0.

fn integer_pow(a: vec4i, b: vec4i) -> vec4i {
  var result = vec4i(1);
  var factor = a;
  for (var rest = bitcast<vec4u>(b); any(rest != vec4u()); rest >>= vec4u(1u)) {
    result *= select(vec4i(1), factor, (rest & vec4u(1u)) != vec4u());
    factor *= factor;
  }
  // The lowest bit alone tells the powers of 1 and -1 apart.
  let is_unit = (a == vec4i(1)) | (a == vec4i(-1));
  return select(result, vec4i(), (b < vec4i()) & !is_unit);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, integer_pow(pair.a, pair.b));
}
