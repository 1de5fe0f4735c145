import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};
import package::math::normal::bell;

// dx = dy * 2 / sqrt(pi) * exp(-x^2). a: x, b: dy, y: dx.

fn erf_backward(x: vec4f, dy: vec4f) -> vec4f {
  let density = bell(x);
  return dy * (1.1283792 * (density * density));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, erf_backward(pair.a, pair.b));
}
