import package::lib::grid::{ MANY, linear_index };
import package::lib::softplus::softplus;
import package::nn::weighted_pairs::{pairs, store};

// y = weight (pos_weight t ln(1 + exp(-x)) + (1 - t) ln(1 + exp(x))): the cross entropy of a t
// between 0 and 1 and the probability sigmoid(x). Neither term cancels the other.

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let p = pairs(i);
  store(i, p.weight * (p.pos_weight * p.t * softplus(-p.x) + (1.0 - p.t) * softplus(p.x)));
}
