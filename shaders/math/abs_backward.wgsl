import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// dx = dy where x is positive, -dy where it is negative, else 0. a: x, b: dy, y: dx.

fn abs_backward(x: vec4f, dy: vec4f) -> vec4f {
  return dy * sign(x);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, abs_backward(pair.a, pair.b));
}
