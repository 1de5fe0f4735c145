import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};
import package::math::gelu_tanh::{CUBIC, LINEAR, SATURATED};
import package::math::sigmoid::sigmoid;

// dx = dy * (s + x * s * (1 - s) * u'), s = sigmoid(u), u = x * (LINEAR + CUBIC * x^2). a: x, b:
// dy, y: dx.

fn gelu_tanh_backward(x: vec4f, dy: vec4f) -> vec4f {
  let near = clamp(x, vec4f(-SATURATED), vec4f(SATURATED));
  let square = CUBIC * near * near;
  let u = near * (LINEAR + square);
  let s = sigmoid(u);
  return dy * (s + near * (LINEAR + 3.0 * square) * (s * sigmoid(-u)));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, gelu_tanh_backward(pair.a, pair.b));
}
