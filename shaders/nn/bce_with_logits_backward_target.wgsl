import package::lib::grid::{ MANY, linear_index };
import package::lib::softplus::softplus;
import package::nn::weighted_pairs::{pairs, store};

// y = weight ((pos_weight - 1) ln(1 + exp(-x)) - x): the slope of bce_with_logits in t.

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let p = pairs(i);
  store(i, p.weight * ((p.pos_weight - 1.0) * softplus(-p.x) - p.x));
}
