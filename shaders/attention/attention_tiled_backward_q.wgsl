import package::attention::operands::{ FOUR, HIDDEN, attention, k, masked, scores_of, slope_of, v };
import package::attention::slab::{ COLUMNS, FOURS, LANES, ROWS, Share, block_of_scores, keep_weights, plus_products, plus_weighted, share_of, weights_at };
import package::attention::softmax::gradients_of;
import package::attention::tiles::{ end_of_keys, tile_of_queries };
import package::lib::grid::linear_index;

// dq as attention_flash_backward_q, through workgroup memory. A workgroup takes 32 queries and 64
// columns of k, and goes through the keys 64 at a time.

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dq: array<f32>;

/// Four of terms of the lane's four lines, of dy or values; zeros past the end of terms.
fn block_of_gradients(share: Share, lines: vec4u, column: u32) -> mat4x4f {
  let at = lines + column;
  if (column >= attention.v.w / 4u) {
    return mat4x4f();
  }
  if (share.of_rows) {
    return mat4x4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
  }
  return mat4x4f(v[at.x], v[at.y], v[at.z], v[at.w]);
}

/// Four columns of a key, past the end of keys those of the last. What it finds past the end of
/// columns, it sums into columns that are not stored.
fn key_at(start: u32, key: u32) -> vec4f {
  return k[start + min(key, attention.keys - 1u) * attention.k.z / 4u];
}

/// Gradients of four products of a query.
fn gradients_of_products(products: vec4f, dp: vec4f, facts: vec4f, place: vec2u, query: u32, keys: vec4u) -> vec4f {
  let scores = masked(scores_of(products), place, vec4u(query), keys);
  let gradients = gradients_of(scores, dp, facts) * slope_of(products);
  return select(vec4f(), gradients, scores > vec4f(HIDDEN));
}

fn store(sums: mat4x4f, place: vec2u, first: u32, column: u32) {
  var rows = sums;
  for (var r = 0u; r < 4u; r++) {
    let at = dot(vec3u(place, first + r), attention.q.xyz) / attention.q.w * attention.key_width;
    var values = attention.scale * rows[r];
    for (var c = column; c < min(column + 4u, attention.key_width) && first + r < attention.queries; c++) {
      dq[at + c] = values[c - column];
    }
  }
}

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let local = vec2u(lane % 16u, lane / 16u);
  let share = share_of(lane);
  let tile = tile_of_queries(linear_index(group, groups, 0u, 1u), ROWS);
  let first = tile.first;
  let own_queries = min(first + share.line + FOUR, vec4u(attention.queries - 1u));
  let at_q = (dot(tile.place, attention.q.xy) + own_queries * attention.q.z) / 4u;
  let at_dy = (dot(tile.place, attention.y.xy) + own_queries * attention.y.z) / 4u;
  let start_k = dot(tile.shared_head, attention.k.xy);
  let start_v = dot(tile.shared_head, attention.v.xy);
  let start_sum = start_k / 4u + 16u * group.z + local.x;
  let end = end_of_keys(first + ROWS - 1u);
  var sums = mat4x4f();
  for (var key = 0u; key < end; key += COLUMNS) {
    let own_keys = min(key + share.line + FOUR, vec4u(attention.keys - 1u));
    let of_scores = select((start_k + own_keys * attention.k.z) / 4u, at_q, share.of_rows);
    var products = mat4x4f();
    for (var c = 0u; c < attention.q.w / 4u; c += FOURS) {
      products = plus_products(products, local, share, block_of_scores(share.of_rows, of_scores, c + share.four));
    }
    let of_gradients = select((start_v + own_keys * attention.v.z) / 4u, at_dy, share.of_rows);
    var dp = mat4x4f();
    for (var c = 0u; c < attention.v.w / 4u; c += FOURS) {
      dp = plus_products(dp, local, share, block_of_gradients(share, of_gradients, c + share.four));
    }
    for (var r = 0u; r < 4u; r++) {
      let row = first + 4u * local.y + r;
      let facts = row_facts[tile.row + min(row, attention.queries - 1u)];
      dp[r] = gradients_of_products(products[r], dp[r], facts, tile.place, row, key + 4u * local.x + FOUR);
    }
    keep_weights(local, dp);
    for (var i = 0u; i < COLUMNS; i++) {
      sums = plus_weighted(sums, weights_at(local, i), key_at(start_sum, key + i));
    }
    workgroupBarrier();
  }
  store(sums, tile.place, first + 4u * local.y, 64u * group.z + 4u * local.x);
}
