import package::attention::attention::{ Attention, FOUR, place_of, slope_of };
import package::lib::grid::linear_index;

// dscores = weights * (dy . v - delta) * slope of the cap at q k^T, which is computed again: [B, H,
// Q, K]. Each invocation takes one query and four keys; 2 B H Q K (D + Dv) flops.

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> weights: array<f32>;
@group(0) @binding(4) var<storage, read> delta: array<f32>;
@group(0) @binding(5) var<storage, read> dy: array<f32>;
@group(0) @binding(6) var<storage, read_write> dscores: array<f32>;
@group(0) @binding(7) var<uniform> attention: Attention;

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
  let key = 4u * (index % blocks);
  // Keys past the end read what they find; their gradients are not stored.
  let first_q = dot(place, attention.q.xyz);
  let at_k = dot(shared_head, attention.k.xy) + (key + FOUR) * attention.k.z;
  var products = vec4f();
  for (var c = 0u; c < attention.q.w; c++) {
    products += q[first_q + c] * vec4f(k[at_k.x + c], k[at_k.y + c], k[at_k.z + c], k[at_k.w + c]);
  }
  let first_y = dot(place, attention.y.xyz);
  let at_v = dot(shared_head, attention.v.xy) + (key + FOUR) * attention.v.z;
  var dp = vec4f();
  for (var c = 0u; c < attention.v.w; c++) {
    dp += dy[first_y + c] * vec4f(v[at_v.x + c], v[at_v.y + c], v[at_v.z + c], v[at_v.w + c]);
  }
  let slopes = (dp - delta[row]) * slope_of(products, attention);
  for (var i = 0u; i < min(4u, attention.keys - key); i++) {
    let at = row * attention.keys + key + i;
    dscores[at] = weights[at] * slopes[i];
  }
}
