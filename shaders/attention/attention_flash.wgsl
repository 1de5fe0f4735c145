import package::attention::attention::{ Attention, FOUR, LOWEST, mask_word, masked, place_of, power, scores_of };
import package::lib::grid::linear_index;

// y = softmax(scores) v without storing a score: each invocation takes one query and up to 64
// columns of v, and goes through the keys four at a time with a running maximum, to which sums are
// rescaled when it grows (Milakov & Gimelshein 2018, Dao et al. 2022). q: [B, H, Q, D] or [B, Q, H
// * D], k, v, y likewise; row_stats: [B, H, Q] of (maximum, sum of exp). 2 B H Q K (D + Dv) flops.

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<storage, read_write> row_stats: array<vec2f>;
@group(0) @binding(6) var<uniform> attention: Attention;

const SIZE = 64u;
const VECTORS = 16u; // of four columns

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= attention.rows) {
    return;
  }
  let place = place_of(row, attention.heads, attention.queries);
  let shared_head = vec2u(place.x, place.y / attention.group);
  let first_q = dot(place, attention.q.xyz);
  let first_k = dot(shared_head, attention.k.xy);
  let column = 4u * VECTORS * group.z;
  let first_v = dot(shared_head, attention.v.xy) + column;
  let width = attention.v.w - column;
  let vectors = min(VECTORS, (width + 3u) / 4u);
  var sums: array<vec4f, VECTORS>;
  var largest = LOWEST;
  var total = 0.0;
  let end = select(attention.keys, min(attention.keys, place.z + 1u), attention.causal != 0u);
  for (var key = 0u; key < end; key += 4u) {
    let keys = min(key + FOUR, vec4u(attention.keys - 1u));
    let at_k = first_k + keys * attention.k.z;
    var products = vec4f();
    for (var c = 0u; c < attention.q.w; c++) {
      products += q[first_q + c] * vec4f(k[at_k.x + c], k[at_k.y + c], k[at_k.z + c], k[at_k.w + c]);
    }
    let at_mask = dot(place, attention.mask.xyz) + keys * attention.mask.w;
    let at = mask_word(at_mask, attention);
    let words = vec4u(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
    let block = masked(scores_of(products, attention), vec4u(place.z), key + FOUR, words, at_mask, attention);
    let highest = select(vec4f(LOWEST), block.scores, block.attended);
    let before = largest;
    largest = max(max(largest, max(highest.x, highest.y)), max(highest.z, highest.w));
    let rescale = power(vec4f(before - largest)).x;
    let weights = select(vec4f(), power(block.scores - largest), block.attended);
    total = total * rescale + (weights.x + weights.y + weights.z + weights.w);
    let at_v = first_v + keys * attention.v.z;
    for (var i = 0u; i < vectors; i++) {
      let c = 4u * i + FOUR;
      sums[i] = sums[i] * rescale
        + weights.x * vec4f(v[at_v.x + c.x], v[at_v.x + c.y], v[at_v.x + c.z], v[at_v.x + c.w])
        + weights.y * vec4f(v[at_v.y + c.x], v[at_v.y + c.y], v[at_v.y + c.z], v[at_v.y + c.w])
        + weights.z * vec4f(v[at_v.z + c.x], v[at_v.z + c.y], v[at_v.z + c.z], v[at_v.z + c.w])
        + weights.w * vec4f(v[at_v.w + c.x], v[at_v.w + c.y], v[at_v.w + c.z], v[at_v.w + c.w]);
    }
  }
  let first_y = dot(place, attention.y.xyz) + column;
  for (var c = 0u; c < min(width, 4u * VECTORS); c++) {
    y[first_y + c] = select(0.0, sums[c / 4u][c % 4u] / total, total > 0.0);
  }
  row_stats[row] = vec2f(largest, total);
}
