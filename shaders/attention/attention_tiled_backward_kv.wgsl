import package::attention::operands::{ FOUR, HIDDEN, attention, k, masked, power, q, scores_of, slope_of, v };
import package::attention::slab::{ ROWS, SHARE, VECTORS, keep_weights, products_of, weighted_rows };
import package::attention::tiles::{ start_of_queries, tile_of_keys };
import package::lib::grid::linear_index;

// dk or, where OF_VALUES, dv as attention_flash_backward_kv, through workgroup memory. A workgroup
// takes 32 keys and 64 columns, and goes through the queries 32 at a time.

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;

override OF_VALUES: bool = false;

/// A vector of columns of q or dy of a query, past the end of queries that of the last. What it finds
/// past the end of columns, it sums into columns that are not stored.
fn query_at(head: vec2u, query: u32, column: u32) -> vec4f {
  let place = vec3u(head, min(query, attention.queries - 1u));
  if (OF_VALUES) {
    return dy[dot(place, attention.y.xyz) / 4u + column];
  }
  return q[dot(place, attention.q.xyz) / 4u + column];
}

/// The weighted sum of 16 queries from `query` on, over the lane's four columns from vector `column`
/// on.
fn sum_of_queries(local: vec2u, head: vec2u, query: u32, column: u32) -> mat4x4f {
  let own = query + local.y;
  let at = column + local.x;
  return weighted_rows(local, query_at(head, own, at), query_at(head, own + 8u, at));
}

/// What four queries, whose facts are rows of `facts`, weigh in the sum of a key.
fn weights_of(products: vec4f, dp: vec4f, facts: mat4x4f, head: vec2u, queries: vec4u, key: u32) -> vec4f {
  let scores = masked(scores_of(products), head, queries, vec4u(key));
  var weights = power(scores - facts[0]) / facts[1];
  if (!OF_VALUES) {
    weights *= (dp - facts[2]) * slope_of(products);
  }
  return select(vec4f(), weights, scores > vec4f(HIDDEN));
}

fn store(sums: mat4x4f, place: vec2u, first: u32, column: u32) {
  var rows = sums;
  let strides = select(attention.k, attention.v, vec4<bool>(OF_VALUES));
  let width = select(attention.key_width, attention.value_width, OF_VALUES);
  for (var r = 0u; r < 4u; r++) {
    let at = dot(vec3u(place, first + r), strides.xyz) / strides.w * width;
    var values = select(attention.scale, 1.0, OF_VALUES) * rows[r];
    for (var c = column; c < min(column + 4u, width) && first + r < attention.keys; c++) {
      gradient[at + c] = values[c - column];
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
  let tile = tile_of_keys(linear_index(group, groups, 0u, 1u), ROWS);
  let first = tile.first;
  let place = tile.place;
  let loaded = lane / VECTORS;
  let key = min(first + loaded, attention.keys - 1u);
  let at_k = dot(vec3u(place, key), attention.k.xyz) / 4u;
  let at_v = dot(vec3u(place, key), attention.v.xyz) / 4u;
  let start = start_of_queries(first);
  let blocks = (attention.queries - start + ROWS - 1u) / ROWS;
  var left = mat4x4f();
  var right = mat4x4f();
  for (var block = 0u; block < blocks * attention.group; block++) {
    let head = vec2u(place.x, place.y * attention.group + block / blocks);
    let query = start + block % blocks * ROWS;
    let own_query = vec3u(head, min(query + loaded, attention.queries - 1u));
    let at_q = dot(own_query, attention.q.xyz) / 4u;
    var products = mat4x4f();
    for (var c = 0u; c < attention.q.w / 4u; c += VECTORS) {
      let at = c + lane % VECTORS;
      let inside = at < attention.q.w / 4u;
      let row = select(vec4f(), k[at_k + at], inside);
      let column = select(vec4f(), q[at_q + at], inside);
      products += products_of(local, lane, row, column);
    }
    let at_dy = dot(own_query, attention.y.xyz) / 4u;
    var dp = mat4x4f();
    if (!OF_VALUES) {
      for (var c = 0u; c < attention.v.w / 4u; c += VECTORS) {
        let at = c + lane % VECTORS;
        let inside = at < attention.v.w / 4u;
        let row = select(vec4f(), v[at_v + at], inside);
        let column = select(vec4f(), dy[at_dy + at], inside);
        dp += products_of(local, lane, row, column);
      }
    }
    let queries = query + 4u * local.x + FOUR;
    // Those of queries past the end do not matter, since nothing weighs them.
    let at_facts = dot(head, vec2u(attention.heads, 1u)) * attention.queries + queries;
    let facts = transpose(mat4x4f(
      row_facts[at_facts.x], row_facts[at_facts.y], row_facts[at_facts.z], row_facts[at_facts.w],
    ));
    for (var r = 0u; r < 4u; r++) {
      dp[r] = weights_of(products[r], dp[r], facts, head, queries, first + 4u * local.y + r);
    }
    for (var share = 0u; share < 2u; share++) {
      keep_weights(local, share, dp);
      left += sum_of_queries(local, head, query + SHARE * share, 16u * group.z);
      right += sum_of_queries(local, head, query + SHARE * share, 16u * group.z + 8u);
    }
  }
  store(left, place, first + 4u * local.y, 64u * group.z + 4u * local.x);
  store(right, place, first + 4u * local.y, 64u * group.z + 32u + 4u * local.x);
}
