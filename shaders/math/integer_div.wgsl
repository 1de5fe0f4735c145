import package::lib::grid::{ MANY, linear_index };
import package::math::binary::dims;
import package::math::integer_binary::{operands, store};

// y = a / b of integers of 32 bits, rounded towards 0, or down where the first parameter is 1. A
// divisor of 0 gives a, and what does not fit wraps, as WGSL has it.

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  let quotient = pair.a / pair.b;
  let is_above = (pair.a % pair.b != vec4i()) & ((pair.a ^ pair.b) < vec4i());
  store(i, quotient - select(vec4i(), vec4i(i32(dims.parameters.x)), is_above));
}
