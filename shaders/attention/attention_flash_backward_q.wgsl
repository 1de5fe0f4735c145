import package::attention::attention::{ Attention, FOUR, mask_word, masked, place_of, power, scores_of, slope_of };
import package::lib::grid::linear_index;

// dq = scale * sum over the keys of ds k, ds = p (dy . v - delta) * slope of the cap, p = exp(score
// - maximum) / sum computed again from row_stats. Each invocation takes one query and up to 64
// columns. 2 B H Q K (2 D + Dv) flops.

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> row_stats: array<vec2f>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> dq: array<f32>;
@group(0) @binding(8) var<uniform> attention: Attention;

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
  let first_v = dot(shared_head, attention.v.xy);
  let first_y = dot(place, attention.y.xyz);
  let column = 4u * VECTORS * group.z;
  let width = attention.q.w - column;
  let vectors = min(VECTORS, (width + 3u) / 4u);
  let stats = row_stats[row];
  var sums: array<vec4f, VECTORS>;
  let end = select(attention.keys, min(attention.keys, place.z + 1u), attention.causal != 0u);
  for (var key = 0u; key < end; key += 4u) {
    let keys = min(key + FOUR, vec4u(attention.keys - 1u));
    let at_k = first_k + keys * attention.k.z;
    var products = vec4f();
    for (var c = 0u; c < attention.q.w; c++) {
      products += q[first_q + c] * vec4f(k[at_k.x + c], k[at_k.y + c], k[at_k.z + c], k[at_k.w + c]);
    }
    let at_v = first_v + keys * attention.v.z;
    var dp = vec4f();
    for (var c = 0u; c < attention.v.w; c++) {
      dp += dy[first_y + c] * vec4f(v[at_v.x + c], v[at_v.y + c], v[at_v.z + c], v[at_v.w + c]);
    }
    let at_mask = dot(place, attention.mask.xyz) + keys * attention.mask.w;
    let at = mask_word(at_mask, attention);
    let words = vec4u(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
    let block = masked(scores_of(products, attention), vec4u(place.z), key + FOUR, words, at_mask, attention);
    let p = power(block.scores - stats.x) / stats.y;
    let ds = select(vec4f(), p * (dp - delta[row]) * slope_of(products, attention), block.attended);
    let at_c = at_k + column;
    for (var i = 0u; i < vectors; i++) {
      let c = 4u * i + FOUR;
      sums[i] += ds.x * vec4f(k[at_c.x + c.x], k[at_c.x + c.y], k[at_c.x + c.z], k[at_c.x + c.w])
        + ds.y * vec4f(k[at_c.y + c.x], k[at_c.y + c.y], k[at_c.y + c.z], k[at_c.y + c.w])
        + ds.z * vec4f(k[at_c.z + c.x], k[at_c.z + c.y], k[at_c.z + c.z], k[at_c.z + c.w])
        + ds.w * vec4f(k[at_c.w + c.x], k[at_c.w + c.y], k[at_c.w + c.z], k[at_c.w + c.w]);
    }
  }
  for (var c = 0u; c < min(width, 4u * VECTORS); c++) {
    dq[first_q + column + c] = attention.scale * sums[c / 4u][c % 4u];
  }
}
