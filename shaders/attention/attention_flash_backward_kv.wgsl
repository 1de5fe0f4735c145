import package::attention::operands::{ FOUR, HIDDEN, attention, has_special, k, masked, power, q, scores_of, slope_of, v };
import package::attention::tile::{ COLUMNS, Sums, Tile, plus_products, plus_weighted, turned_columns };
import package::attention::tiles::{ start_of_queries, tile_of_keys };
import package::lib::grid::linear_index;

// dk = scale * sum over the queries of ds q or, where OF_VALUES, dv = sum over the queries of p dy,
// with p and ds computed again as in attention_flash_backward_q: each quad takes 16 keys and goes
// through the queries 16 at a time, of all heads that share the keys. 2 B H Q K (2 D + Dv) flops
// for dk, 2 B H Q K (D + Dv) for dv.
enable subgroups;

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> gradient: array<f32>;

override OF_VALUES: bool = false;

const SIZE = 64u;

/// Of four queries: the largest score, the sum of exponentials and delta.
struct Facts {
  largest: vec4f,
  total: vec4f,
  delta: vec4f,
}

fn four_rows(at: vec4u) -> mat4x4f {
  if (OF_VALUES) {
    return mat4x4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
  }
  return mat4x4f(q[at.x], q[at.y], q[at.z], q[at.w]);
}

/// Adds q or dy of four queries from `query` on.
fn add_queries(sums: ptr<function, Sums>, weights: Tile, start: u32, query: u32) {
  let stride = select(attention.q.z, attention.y.z, OF_VALUES);
  let at = (start + min(query + FOUR, vec4u(attention.queries - 1u)) * stride) / 4u;
  (*sums)[0] = plus_weighted((*sums)[0], weights, four_rows(at));
  if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_rows(at + 4u)); }
  if (COLUMNS > 2u) { (*sums)[2] = plus_weighted((*sums)[2], weights, four_rows(at + 8u)); }
  if (COLUMNS > 3u) { (*sums)[3] = plus_weighted((*sums)[3], weights, four_rows(at + 12u)); }
  if (COLUMNS > 4u) { (*sums)[4] = plus_weighted((*sums)[4], weights, four_rows(at + 16u)); }
  if (COLUMNS > 5u) { (*sums)[5] = plus_weighted((*sums)[5], weights, four_rows(at + 20u)); }
  if (COLUMNS > 6u) { (*sums)[6] = plus_weighted((*sums)[6], weights, four_rows(at + 24u)); }
  if (COLUMNS > 7u) { (*sums)[7] = plus_weighted((*sums)[7], weights, four_rows(at + 28u)); }
}

/// What queries weigh in the sum of a key, without the slope of a cap: p, or p (dp - delta).
fn weights_of(scores: vec4f, dp: vec4f, facts: Facts) -> vec4f {
  let p = power(scores - facts.largest) / facts.total;
  if (OF_VALUES) {
    return p;
  }
  return p * (dp - facts.delta);
}

/// Weights in the sums of a group where all is seen and nothing capped.
fn weights_of_group(products: mat4x4f, dp: mat4x4f, facts: Facts) -> mat4x4f {
  let scores = attention.scale * products;
  return mat4x4f(
    weights_of(scores[0], dp[0], facts), weights_of(scores[1], dp[1], facts),
    weights_of(scores[2], dp[2], facts), weights_of(scores[3], dp[3], facts),
  );
}

fn store(sums: Tile, place: vec2u, first: u32, column: u32) {
  var rows = sums;
  let lane = column / 4u % 4u;
  let strides = select(attention.k, attention.v, vec4<bool>(OF_VALUES));
  let width = select(attention.key_width, attention.value_width, OF_VALUES);
  for (var i = 0u; i < 16u; i++) {
    let row = first + (i ^ lane);
    if (row < attention.keys) {
      var values = select(attention.scale, 1.0, OF_VALUES) * rows[i / 4u][i % 4u];
      let at = dot(vec3u(place, row), strides.xyz) / strides.w * width;
      for (var c = column; c < min(column + 4u, width); c++) {
        gradient[at + c] = values[c - column];
      }
    }
  }
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let lane = local % 4u;
  let tile = tile_of_keys(linear_index(group, groups, local, SIZE) / 4u, 16u);
  let first = tile.first;
  let place = tile.place;
  let rows = min(first + lane + 4u * FOUR, vec4u(attention.keys - 1u));
  let at_k = (dot(place, attention.k.xy) + rows * attention.k.z) / 4u;
  let at_v = (dot(place, attention.v.xy) + rows * attention.v.z) / 4u;
  let column = group.z * COLUMNS * 16u + 4u * lane;
  // All quads of a workgroup start where the first one does, which has the first keys.
  let start = start_of_queries(tile_of_keys(linear_index(group, groups, 0u, SIZE) / 4u, 16u).first);
  let blocks = (attention.queries - start + 15u) / 16u;
  var sums = Sums();
  for (var i = 0u; i < blocks * attention.group; i++) {
    let head = vec2u(place.x, place.y * attention.group + i / blocks);
    let query = start + i % blocks * 16u;
    let queries = query + 4u * lane + FOUR;
    let own = min(queries, vec4u(attention.queries - 1u));
    let start_q = dot(head, attention.q.xy);
    let at_q = (start_q + own * attention.q.z) / 4u;
    var products = Tile();
    for (var c = 0u; c < attention.q.w / 4u; c++) {
      products = plus_products(
        products,
        mat4x4f(k[at_k.x + c], k[at_k.y + c], k[at_k.z + c], k[at_k.w + c]),
        mat4x4f(q[at_q.x + c], q[at_q.y + c], q[at_q.z + c], q[at_q.w + c]),
      );
    }
    let start_y = dot(head, attention.y.xy);
    let at_dy = (start_y + own * attention.y.z) / 4u;
    var dp = Tile();
    if (!OF_VALUES) {
      for (var c = 0u; c < attention.v.w / 4u; c++) {
        dp = plus_products(
          dp,
          mat4x4f(v[at_v.x + c], v[at_v.y + c], v[at_v.z + c], v[at_v.w + c]),
          mat4x4f(dy[at_dy.x + c], dy[at_dy.y + c], dy[at_dy.z + c], dy[at_dy.w + c]),
        );
      }
    }
    let at_facts = dot(head, vec2u(attention.heads, 1u)) * attention.queries + own;
    let by_fact = transpose(mat4x4f(
      row_facts[at_facts.x], row_facts[at_facts.y], row_facts[at_facts.z], row_facts[at_facts.w],
    ));
    let facts = Facts(by_fact[0], by_fact[1], by_fact[2]);
    var weights = Tile();
    if (query + 16u > attention.queries || has_special(query, first + 15u)) {
      var product = products;
      var special = dp;
      for (var j = 0u; j < 16u; j++) {
        let g = j / 4u;
        let x = j % 4u;
        let scores = masked(scores_of(product[g][x]), head, queries, vec4u(first + (j ^ lane)));
        var own_weights = weights_of(scores, special[g][x], facts);
        if (!OF_VALUES) {
          own_weights *= slope_of(product[g][x]);
        }
        special[g][x] = select(vec4f(), own_weights, scores > vec4f(HIDDEN));
      }
      weights = special;
    } else {
      weights = Tile(
        weights_of_group(products[0], dp[0], facts), weights_of_group(products[1], dp[1], facts),
        weights_of_group(products[2], dp[2], facts), weights_of_group(products[3], dp[3], facts),
      );
    }
    let start_c = select(start_q, start_y, OF_VALUES) + column;
    // The queries of each lane in turn.
    for (var turn = 0u; turn < 4u; turn++) {
      add_queries(&sums, weights, start_c, query + 4u * (lane ^ turn ^ (turn >> 1u)));
      weights = turned_columns(weights, turn);
    }
  }
  store(sums[0], place, first, column);
  if (COLUMNS > 1u) { store(sums[1], place, first, column + 16u); }
  if (COLUMNS > 2u) { store(sums[2], place, first, column + 32u); }
  if (COLUMNS > 3u) { store(sums[3], place, first, column + 48u); }
  if (COLUMNS > 4u) { store(sums[4], place, first, column + 64u); }
  if (COLUMNS > 5u) { store(sums[5], place, first, column + 80u); }
  if (COLUMNS > 6u) { store(sums[6], place, first, column + 96u); }
  if (COLUMNS > 7u) { store(sums[7], place, first, column + 112u); }
}
