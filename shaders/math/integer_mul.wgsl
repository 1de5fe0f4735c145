import package::lib::grid::{ MANY, linear_index };
import package::math::integer_binary::{operands, store};

// y = a * b of integers of 32 bits; what overflows wraps.

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, pair.a * pair.b);
}
