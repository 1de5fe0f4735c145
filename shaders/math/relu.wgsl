import package::lib::grid::{ MANY, linear_index };
import package::math::unary::{store, x};

// y = x, and 0 where x is negative.

fn relu(x: vec4f) -> vec4f {
  return select(x, vec4f(), x < vec4f());
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, relu(x[i]));
}
