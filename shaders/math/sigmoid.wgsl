import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::unary::{store, x};

// y = 1 / (1 + exp(-x)), of full relative accuracy on both sides of 0.

fn sigmoid(x: vec4f) -> vec4f {
  let small = exp(max(-abs(x), vec4f(NOTHING)));
  let large = 1.0 / (1.0 + small);
  return select(small * large, large, x >= vec4f());
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, sigmoid(x[i]));
}
