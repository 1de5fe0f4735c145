import package::lib::grid::{ MANY, linear_index };
import package::math::unary::{store, x};

// y = the square root of x.

fn sqrt_forward(x: vec4f) -> vec4f {
  return sqrt(x);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, sqrt_forward(x[i]));
}
