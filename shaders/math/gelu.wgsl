import package::lib::grid::{ MANY, linear_index };
import package::math::normal::{bell, upper_tail};
import package::math::unary::{store, x};

// y = x * P(X <= x) of a standard normal X, which is x / 2 * (1 + erf(x / sqrt(2))), of full
// relative accuracy on both sides of 0.

fn gelu(x: vec4f) -> vec4f {
  let far = x * upper_tail(abs(x), bell(x));
  return select(far, x - far, x >= vec4f());
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  store(i, gelu(x[i]));
}
