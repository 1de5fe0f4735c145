import package::attention::attention::{ Attention, FOUR, mask_word, masked, place_of, power, scores_of, slope_of };
import package::lib::grid::linear_index;

// dk = scale * sum over the queries of ds q or, where OF_VALUES, dv = sum over the queries of p dy,
// with p and ds computed again as in attention_flash_backward_q. Each invocation takes one key and
// up to 64 columns, and sums over the query heads that share it. 2 B H Q K (2 D + Dv) flops.

@group(0) @binding(0) var<storage, read> q: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<f32>;
@group(0) @binding(2) var<storage, read> v: array<f32>;
@group(0) @binding(3) var<storage, read> mask: array<u32>;
@group(0) @binding(4) var<storage, read> row_stats: array<vec2f>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
@group(0) @binding(6) var<storage, read> dy: array<f32>;
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;
@group(0) @binding(8) var<uniform> attention: Attention;

override OF_VALUES: bool = false;

const SIZE = 64u;
const VECTORS = 16u; // of four columns

fn four_columns(at: u32) -> vec4f {
  if (OF_VALUES) {
    return vec4f(dy[at], dy[at + 1u], dy[at + 2u], dy[at + 3u]);
  }
  return vec4f(q[at], q[at + 1u], q[at + 2u], q[at + 3u]);
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= attention.kv_rows) {
    return;
  }
  // Batch, head of keys and values, and key.
  let place = place_of(row, attention.heads / attention.group, attention.keys);
  let first_k = dot(place, attention.k.xyz);
  let first_v = dot(place, attention.v.xyz);
  let column = 4u * VECTORS * group.z;
  let width = select(attention.k.w, attention.v.w, OF_VALUES) - column;
  let vectors = min(VECTORS, (width + 3u) / 4u);
  var sums: array<vec4f, VECTORS>;
  for (var head = place.y * attention.group; head < (place.y + 1u) * attention.group; head++) {
    let first_q = dot(vec2u(place.x, head), attention.q.xy);
    let first_y = dot(vec2u(place.x, head), attention.y.xy);
    for (var query = select(0u, place.z, attention.causal != 0u); query < attention.queries; query += 4u) {
      let queries = min(query + FOUR, vec4u(attention.queries - 1u));
      let at_q = first_q + queries * attention.q.z;
      var products = vec4f();
      for (var c = 0u; c < attention.q.w; c++) {
        products += k[first_k + c] * vec4f(q[at_q.x + c], q[at_q.y + c], q[at_q.z + c], q[at_q.w + c]);
      }
      let at_mask = dot(vec3u(place.x, head, place.z), attention.mask.xyw) + queries * attention.mask.z;
      let at = mask_word(at_mask, attention);
      let words = vec4u(mask[at.x], mask[at.y], mask[at.z], mask[at.w]);
      let block = masked(scores_of(products, attention), query + FOUR, vec4u(place.z), words, at_mask, attention);
      let rows = (place.x * attention.heads + head) * attention.queries + queries;
      let largest = vec4f(row_stats[rows.x].x, row_stats[rows.y].x, row_stats[rows.z].x, row_stats[rows.w].x);
      let total = vec4f(row_stats[rows.x].y, row_stats[rows.y].y, row_stats[rows.z].y, row_stats[rows.w].y);
      let at_y = first_y + queries * attention.y.z;
      var weights = power(block.scores - largest) / total;
      if (!OF_VALUES) {
        var dp = vec4f();
        for (var c = 0u; c < attention.v.w; c++) {
          dp += v[first_v + c] * vec4f(dy[at_y.x + c], dy[at_y.y + c], dy[at_y.z + c], dy[at_y.w + c]);
        }
        weights *= (dp - vec4f(delta[rows.x], delta[rows.y], delta[rows.z], delta[rows.w])) * slope_of(products, attention);
      }
      weights = select(vec4f(), weights, block.attended);
      let at_c = select(at_q, at_y, OF_VALUES) + column;
      for (var i = 0u; i < vectors; i++) {
        let c = at_c + 4u * i;
        sums[i] += weights.x * four_columns(c.x) + weights.y * four_columns(c.y)
          + weights.z * four_columns(c.z) + weights.w * four_columns(c.w);
      }
    }
  }
  let first = select(first_k, first_v, OF_VALUES) + column;
  let factor = select(attention.scale, 1.0, OF_VALUES);
  for (var c = 0u; c < min(width, 4u * VECTORS); c++) {
    gradient[first + c] = factor * sums[c / 4u][c % 4u];
  }
}
