import package::attention::operands::{ FOUR, HIDDEN, attention, k, masked, q, scores_of, slope_of, v };
import package::attention::slab::{ ROWS, SHARE, VECTORS, keep_weights, products_of, weighted_rows };
import package::attention::softmax::gradients_of;
import package::attention::tiles::{ end_of_keys, tile_of_queries };
import package::lib::grid::linear_index;

// dq as attention_flash_backward_q, through workgroup memory. A workgroup takes 32 queries and 64
// columns of k, and goes through the keys 32 at a time.

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dq: array<f32>;

/// A vector of columns of a key, past the end of keys those of the last. What it finds past the end of
/// columns, it sums into columns that are not stored.
fn key_at(start: u32, key: u32, column: u32) -> vec4f {
  return k[(start + min(key, attention.keys - 1u) * attention.k.z) / 4u + column];
}

/// The weighted sum of 16 keys from `key` on, over the lane's four columns from vector `column` on.
fn sum_of_keys(local: vec2u, start: u32, key: u32, column: u32) -> mat4x4f {
  let own = key + local.y;
  let at = column + local.x;
  return weighted_rows(local, key_at(start, own, at), key_at(start, own + 8u, at));
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

@compute @workgroup_size(8, 8)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) at_local: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let local = at_local.xy;
  let tile = tile_of_queries(linear_index(group, groups, 0u, 1u), ROWS);
  let first = tile.first;
  let loaded = lane / VECTORS;
  let own_query = vec3u(tile.place, min(first + loaded, attention.queries - 1u));
  let at_q = dot(own_query, attention.q.xyz) / 4u;
  let at_dy = dot(own_query, attention.y.xyz) / 4u;
  let start_k = dot(tile.shared_head, attention.k.xy);
  let start_v = dot(tile.shared_head, attention.v.xy);
  let end = end_of_keys(first + ROWS - 1u);
  var left = mat4x4f();
  var right = mat4x4f();
  for (var key = 0u; key < end; key += ROWS) {
    let own_key = min(key + loaded, attention.keys - 1u);
    let at_k = (start_k + own_key * attention.k.z) / 4u;
    var products = mat4x4f();
    for (var c = 0u; c < attention.q.w / 4u; c += VECTORS) {
      let at = c + lane % VECTORS;
      let inside = at < attention.q.w / 4u;
      let row = select(vec4f(), q[at_q + at], inside);
      let column = select(vec4f(), k[at_k + at], inside);
      products += products_of(local, lane, row, column);
    }
    let at_v = (start_v + own_key * attention.v.z) / 4u;
    var dp = mat4x4f();
    for (var c = 0u; c < attention.v.w / 4u; c += VECTORS) {
      let at = c + lane % VECTORS;
      let inside = at < attention.v.w / 4u;
      let row = select(vec4f(), dy[at_dy + at], inside);
      let column = select(vec4f(), v[at_v + at], inside);
      dp += products_of(local, lane, row, column);
    }
    for (var r = 0u; r < 4u; r++) {
      let row = first + 4u * local.y + r;
      let facts = row_facts[tile.row + min(row, attention.queries - 1u)];
      dp[r] = gradients_of_products(products[r], dp[r], facts, tile.place, row, key + 4u * local.x + FOUR);
    }
    for (var share = 0u; share < 2u; share++) {
      keep_weights(local, share, dp);
      left += sum_of_keys(local, start_k, key + SHARE * share, 16u * group.z);
      right += sum_of_keys(local, start_k, key + SHARE * share, 16u * group.z + 8u);
    }
  }
  store(left, tile.place, first + 4u * local.y, 64u * group.z + 4u * local.x);
  store(right, tile.place, first + 4u * local.y, 64u * group.z + 32u + 4u * local.x);
}
