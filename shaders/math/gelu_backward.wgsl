import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};
import package::math::normal::{bell, PEAK, upper_tail};

// dx = dy * (P(X <= x) + x * density(x)) of a standard normal X. a: x, b: dy, y: dx.

fn gelu_backward(x: vec4f, dy: vec4f) -> vec4f {
  let density = bell(x);
  let tail = upper_tail(abs(x), density);
  return dy * (select(tail, 1.0 - tail, x >= vec4f()) + x * (PEAK * density));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, gelu_backward(pair.a, pair.b));
}
