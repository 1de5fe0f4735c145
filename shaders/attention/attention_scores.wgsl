import package::attention::attention::{ Attention, FOUR, place_of, scores_of };
import package::lib::grid::linear_index;

// scores = scale * q k^T, capped, before any mask: [B, H, Q, K]. Each invocation takes one query
// and four keys; 2 B H Q K D flops.

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read_write> scores: array<f32>;
@group(0) @binding(3) var<uniform> attention: Attention;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let index = linear_index(group, groups, lane, SIZE);
  let blocks = (attention.keys + 3u) / 4u;
  let row = index / blocks;
  if (row >= attention.rows) {
    return;
  }
  let place = place_of(row, attention.heads, attention.queries);
  let first_q = dot(place, attention.q.xyz);
  let key = 4u * (index % blocks);
  // Keys past the end read what they find; their scores are not stored.
  let at = dot(vec2u(place.x, place.y / attention.group), attention.k.xy) + (key + FOUR) * attention.k.z;
  var products = vec4f();
  for (var c = 0u; c < attention.q.w; c++) {
    products += q[first_q + c] * vec4f(k[at.x + c], k[at.y + c], k[at.z + c], k[at.w + c]);
  }
  let block = scores_of(products, attention);
  for (var i = 0u; i < min(4u, attention.keys - key); i++) {
    scores[row * attention.keys + key + i] = block[i];
  }
}
