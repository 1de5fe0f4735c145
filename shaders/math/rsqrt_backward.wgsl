import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// dx = -dy / 2 * x^(-3/2), dy first: alone the cube of 1 / sqrt(x) leaves the range earlier. a: x,
// b: dy, y: dx.

fn rsqrt_backward(x: vec4f, dy: vec4f) -> vec4f {
  let y = inverseSqrt(x);
  return -0.5 * dy * y * y * y;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, rsqrt_backward(pair.a, pair.b));
}
