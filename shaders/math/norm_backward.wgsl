import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// dy / norm, and 0 where the norm is 0: what x is multiplied by in the norm's gradient. a: dy, b:
// norm.

fn norm_backward(dy: vec4f, norm: vec4f) -> vec4f {
  return select(dy / norm, vec4f(), norm == vec4f());
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, norm_backward(pair.a, pair.b));
}
