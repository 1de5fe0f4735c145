import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// dx = dy * s * (1 - s), s = sigmoid(x): with e = exp(-|x|) the two are 1 / (1 + e) and e / (1 +
// e). a: x, b: dy, y: dx.

fn sigmoid_backward(x: vec4f, dy: vec4f) -> vec4f {
  let small = exp(max(-abs(x), vec4f(NOTHING)));
  let large = 1.0 / (1.0 + small);
  return dy * (small * large * large);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, sigmoid_backward(pair.a, pair.b));
}
