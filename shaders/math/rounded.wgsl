import package::lib::grid::{ MANY, linear_index };
import package::math::unary::{dims, store, x};

// y = x rounded to the integer below it where `down` is not 0, else to the one towards 0.

fn rounded(x: vec4f, down: f32) -> vec4f {
  return select(trunc(x), floor(x), vec4<bool>(down != 0.0));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, rounded(x[i], dims.parameters.x));
}
