import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };
import package::nn::weighted_pairs::{pairs, store};

// y = weight ((1 - t) sigmoid(x) - pos_weight t sigmoid(-x)): the slope of bce_with_logits in x.

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let p = pairs(i);
  let small = exp(max(-abs(p.x), vec4f(NOTHING)));
  let large = 1.0 / (1.0 + small);
  let positive = p.x >= vec4f();
  let up = (1.0 - p.t) * select(small * large, large, positive);
  let down = p.pos_weight * p.t * select(large, small * large, positive);
  store(i, p.weight * (up - down));
}
