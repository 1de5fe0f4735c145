import package::attention::attention::{ FOUR, place_of };
import package::attention::weighted_sum::{ dims, store, weights, x_four };
import package::lib::grid::linear_index;

// y = scale * weights^T x: each key's sum over the queries of all heads that share it. weights: [B,
// H, Q, K]; x: [B, H, Q, width] or [B, Q, H * width]; y likewise with KV heads and K positions.
// Each invocation takes one key and four columns; 2 B H Q K width flops.

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
  let place = place_of(row, dims.heads / dims.group, dims.keys);
  let column = 4u * group.z;
  var sum = vec4f();
  for (var head = place.y * dims.group; head < (place.y + 1u) * dims.group; head++) {
    var at = dot(vec2u(place.x, head), dims.x.xy) + column + FOUR;
    var i = (place.x * dims.heads + head) * dims.queries * dims.keys + place.z;
    for (var query = 0u; query < dims.queries; query++) {
      sum += weights[i] * x_four(at);
      at += dims.x.z;
      i += dims.keys;
    }
  }
  store(place, column, sum);
}
