import package::lib::grid::{ MANY, linear_index };
import package::math::unary::{dims, store, x};

// y = 1 / sqrt(x + eps) of variances.

fn rstd(x: vec4f, eps: f32) -> vec4f {
  return inverseSqrt(x + eps);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, rstd(x[i], dims.parameters.x));
}
