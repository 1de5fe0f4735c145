import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// y = d^2 / 2 where d = |a - b| < delta, and delta (d - delta / 2) elsewhere.

fn huber_loss(a: vec4f, b: vec4f, delta: f32) -> vec4f {
  let d = abs(a - b);
  let reach = min(d, vec4f(delta));
  return reach * (d - 0.5 * reach);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, huber_loss(pair.a, pair.b, dims.parameters.x));
}
