import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// y = sign(a - b), the slope of |a - b| in a.

fn l1_loss_backward(a: vec4f, b: vec4f) -> vec4f {
  return sign(a - b);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, l1_loss_backward(pair.a, pair.b));
}
