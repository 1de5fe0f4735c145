import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// y = a * b.

fn mul(a: vec4f, b: vec4f) -> vec4f {
  return a * b;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, mul(pair.a, pair.b));
}
