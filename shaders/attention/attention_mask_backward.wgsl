import package::attention::operands::{ FOUR, HIDDEN, attention, k, masked, q, scores_of, v };
import package::attention::place::place_of;
import package::attention::softmax::gradients_of;
import package::lib::grid::linear_index;

// Gradients of what a mask adds to each score: p (dy . v - delta), with p = exp(score - maximum) /
// sum computed again from row_facts: [B, H, Q, K]. Each invocation takes one query and four keys; 2
// B H Q K (D + Dv) flops.

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dscores: array<f32>;

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
  let shared_head = vec2u(place.x, place.y / attention.group);
  let key = index % blocks * 4u;
  let keys = min(key + FOUR, vec4u(attention.keys - 1u));
  let at_q = dot(place, attention.q.xyz) / 4u;
  let at_k = (dot(shared_head, attention.k.xy) + keys * attention.k.z) / 4u;
  var products = vec4f();
  for (var c = 0u; c < attention.q.w / 4u; c++) {
    products += q[at_q + c] * mat4x4f(k[at_k.x + c], k[at_k.y + c], k[at_k.z + c], k[at_k.w + c]);
  }
  let at_dy = dot(place, attention.y.xyz) / 4u;
  let at_v = (dot(shared_head, attention.v.xy) + keys * attention.v.z) / 4u;
  var dp = vec4f();
  for (var c = 0u; c < attention.v.w / 4u; c++) {
    dp += dy[at_dy + c] * mat4x4f(v[at_v.x + c], v[at_v.y + c], v[at_v.z + c], v[at_v.w + c]);
  }
  let facts = row_facts[row];
  let scores = masked(scores_of(products), place.xy, vec4u(place.z), key + FOUR);
  var seen = select(vec4f(), gradients_of(scores, dp, facts), scores > vec4f(HIDDEN));
  for (var i = 0u; i < min(4u, attention.keys - key); i++) {
    dscores[row * attention.keys + key + i] = seen[i];
  }
}
