import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// y = 1 where a is larger than b, a half where they are equal, else 0: of a gradient the share of
// the operand that was chosen.

fn larger(a: vec4f, b: vec4f) -> vec4f {
  let equal = select(vec4f(), vec4f(0.5), a == b);
  return select(equal, vec4f(1.0), a > b);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, larger(pair.a, pair.b));
}
