import package::lib::grid::{ MANY, linear_index };
import package::math::sigmoid::sigmoid;
import package::math::unary::{store, x};

// y = x / 2 * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))), which is x * sigmoid(x * (LINEAR +
// CUBIC * x^2)): nothing cancels.

const LINEAR = 1.5957691216057308; // 2 sqrt(2 / pi)
const CUBIC = 0.071354816272600248; // 0.044715 times that
// Farther from 0 the sigmoid is 0 or 1, and a square could overflow.
const SATURATED = 20.0;

fn gelu_tanh(x: vec4f) -> vec4f {
  let near = clamp(x, vec4f(-SATURATED), vec4f(SATURATED));
  return x * sigmoid(near * (LINEAR + CUBIC * near * near));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, gelu_tanh(x[i]));
}
