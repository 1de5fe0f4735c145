import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::odd::odd;
import package::math::unary::{store, x};

// y = tanh x, of full relative accuracy: near 0 the fifth convergent of its continued fraction x /
// (1 + x^2 / (3 + x^2 / (5 + ...))), which at 1 is 6.2e-8 off; farther by e = exp(-2|x|).

fn tanh_forward(x: vec4f) -> vec4f {
  let near = odd(x, 1.0 / 15.0, vec2f(945.0, 105.0), vec2f(63.0, 28.0));
  let small = exp(max(-2.0 * abs(x), vec4f(NOTHING)));
  let far = sign(x) * ((1.0 - small) / (1.0 + small));
  return select(far, near, abs(x) < vec4f(1.0));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, tanh_forward(x[i]));
}
