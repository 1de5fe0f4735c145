import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{operands, store};

// y = largest + log(sum), sum of exp(x - largest). a: the largest terms, b: the sums.

fn logsumexp(largest: vec4f, sum: vec4f) -> vec4f {
  return largest + log(sum);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, logsumexp(pair.a, pair.b));
}
