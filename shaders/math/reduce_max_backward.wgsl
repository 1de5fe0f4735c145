import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// 1 where an element of x is the maximum of those that it was reduced with, else 0. a: x, b: the
// maxima, y: the marks.

fn reduce_max_backward(x: vec4f, maximum: vec4f) -> vec4f {
  return select(vec4f(), vec4f(1.0), x == maximum);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, reduce_max_backward(pair.a, pair.b));
}
