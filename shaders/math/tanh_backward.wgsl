import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// dx = dy * (1 - tanh(x)^2), which with e = exp(-2|x|) is 4 e / (1 + e)^2: nothing cancels. a: x, b:
// dy, y: dx.

fn tanh_backward(x: vec4f, dy: vec4f) -> vec4f {
  let small = exp(max(-2.0 * abs(x), vec4f(NOTHING)));
  let large = 1.0 / (1.0 + small);
  return dy * (4.0 * small * large * large);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, tanh_backward(pair.a, pair.b));
}
