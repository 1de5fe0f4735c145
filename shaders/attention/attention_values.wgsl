import package::attention::attention::{ FOUR, place_of };
import package::attention::weighted_sum::{ dims, store, weights, x_four };
import package::lib::grid::linear_index;

// y = scale * weights x: each query's sum over the keys. weights: [B, H, Q, K]; x: [B, KV, K,
// width] or [B, K, KV * width]; y likewise with H heads and Q positions. Each invocation takes one
// query and four columns; 2 B H Q K width flops.

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= dims.rows) {
    return;
  }
  let place = place_of(row, dims.heads, dims.queries);
  let column = 4u * group.z;
  var at = dot(vec2u(place.x, place.y / dims.group), dims.x.xy) + column + FOUR;
  var sum = vec4f();
  for (var i = row * dims.keys; i < (row + 1u) * dims.keys; i++) {
    sum += weights[i] * x_four(at);
    at += dims.x.z;
  }
  store(place, column, sum);
}
