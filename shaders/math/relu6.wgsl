import package::lib::grid::{ MANY, linear_index };
import package::math::clip::clip;
import package::math::unary::{store, x};

// y = x between 0 and 6.

fn relu6(x: vec4f) -> vec4f {
  return clip(x, 0.0, 6.0);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, relu6(x[i]));
}
