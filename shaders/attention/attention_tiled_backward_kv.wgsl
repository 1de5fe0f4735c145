import package::attention::operands::{ FOUR, HIDDEN, attention, masked, power, q, scores_of, slope_of, v };
import package::attention::slab::{ COLUMNS, FOURS, LANES, ROWS, Share, block_of_scores, keep_weights, plus_products, plus_weighted, share_of, weights_at };
import package::attention::tiles::{ start_of_queries, tile_of_keys };
import package::lib::grid::linear_index;

// dk or, where OF_VALUES, dv as attention_flash_backward_kv, through workgroup memory. A workgroup
// takes 32 keys and 64 columns, and goes through the queries 64 at a time.

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;

override OF_VALUES: bool = false;

/// Four of terms of the lane's four lines, of values or dy; zeros past the end of terms.
fn block_of_gradients(share: Share, lines: vec4u, column: u32) -> mat4x4f {
  let at = lines + column;
  if (column >= attention.v.w / 4u) {
    return mat4x4f();
  }
  if (share.of_rows) {
    return mat4x4f(v[at.x], v[at.y], v[at.z], v[at.w]);
  }
  return mat4x4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
}

/// Four columns of q or dy of a query, past the end of queries those of the last. What it finds past
/// the end of columns, it sums into columns that are not stored.
fn query_at(head: vec2u, query: u32, column: u32) -> vec4f {
  let place = vec3u(head, min(query, attention.queries - 1u));
  if (OF_VALUES) {
    return dy[dot(place, attention.y.xyz) / 4u + column];
  }
  return q[dot(place, attention.q.xyz) / 4u + column];
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

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let local = vec2u(lane % 16u, lane / 16u);
  let share = share_of(lane);
  let tile = tile_of_keys(linear_index(group, groups, 0u, 1u), ROWS);
  let first = tile.first;
  let place = tile.place;
  let own_keys = min(first + share.line + FOUR, vec4u(attention.keys - 1u));
  let at_k = (dot(place, attention.k.xy) + own_keys * attention.k.z) / 4u;
  let at_v = (dot(place, attention.v.xy) + own_keys * attention.v.z) / 4u;
  let start = start_of_queries(first);
  let blocks = (attention.queries - start + COLUMNS - 1u) / COLUMNS;
  var sums = mat4x4f();
  for (var block = 0u; block < blocks * attention.group; block++) {
    let head = vec2u(place.x, place.y * attention.group + block / blocks);
    let query = start + block % blocks * COLUMNS;
    let own_queries = min(query + share.line + FOUR, vec4u(attention.queries - 1u));
    let at_q = (dot(head, attention.q.xy) + own_queries * attention.q.z) / 4u;
    let of_scores = select(at_q, at_k, share.of_rows);
    var products = mat4x4f();
    for (var c = 0u; c < attention.q.w / 4u; c += FOURS) {
      products = plus_products(products, local, share, block_of_scores(!share.of_rows, of_scores, c + share.four));
    }
    var dp = mat4x4f();
    if (!OF_VALUES) {
      let at_dy = (dot(head, attention.y.xy) + own_queries * attention.y.z) / 4u;
      let of_gradients = select(at_dy, at_v, share.of_rows);
      for (var c = 0u; c < attention.v.w / 4u; c += FOURS) {
        dp = plus_products(dp, local, share, block_of_gradients(share, of_gradients, c + share.four));
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
    keep_weights(local, dp);
    for (var i = 0u; i < COLUMNS; i++) {
      sums = plus_weighted(sums, weights_at(local, i), query_at(head, query + i, 16u * group.z + local.x));
    }
    workgroupBarrier();
  }
  store(sums, place, first + 4u * local.y, 64u * group.z + 4u * local.x);
}
