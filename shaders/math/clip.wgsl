import package::lib::grid::{ MANY, linear_index };
import package::math::unary::{dims, store, x};

// y = x between a low and a high bound; the high one where they cross.

fn clip(x: vec4f, low: f32, high: f32) -> vec4f {
  let raised = select(x, vec4f(low), x < vec4f(low));
  return select(raised, vec4f(high), raised > vec4f(high));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, clip(x[i], dims.parameters.x, dims.parameters.y));
}
