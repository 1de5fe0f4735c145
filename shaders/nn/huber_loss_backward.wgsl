import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// y = a - b, but of a size of at most delta: the slope in a.

fn huber_loss_backward(a: vec4f, b: vec4f, delta: f32) -> vec4f {
  return clamp(a - b, vec4f(-delta), vec4f(delta));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, huber_loss_backward(pair.a, pair.b, dims.parameters.x));
}
