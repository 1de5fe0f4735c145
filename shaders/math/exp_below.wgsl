import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// exp(x - top) of an x that is not above it but for a rounding of the top. a: x, b: top, y: the
// exponentials.

fn exp_below(x: vec4f, top: vec4f) -> vec4f {
  return exp(clamp(x - top, vec4f(NOTHING), vec4f()));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, exp_below(pair.a, pair.b));
}
