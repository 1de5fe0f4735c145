import package::attention::operands::{ FOUR, HIDDEN, attention, has_special, k, masked, q, scores_of, slope_of, v };
import package::attention::softmax::gradients_of;
import package::attention::tile::{ COLUMNS, Sums, Tile, plus_products, plus_weighted, turned, turned_columns };
import package::attention::tiles::{ end_of_keys, tile_of_queries };
import package::lib::grid::linear_index;

// dq = scale * sum over the keys of ds k, ds = p (dy . v - delta) * slope of the cap, p = exp(score
// - maximum) / sum computed again from row_facts: each quad takes 16 queries and goes through the
// keys 16 at a time. dy: as y of attention_flash; row_facts: [B, H, Q] of (maximum, sum of exp,
// delta); dq: as q. 2 B H Q K (2 D + Dv) flops.
enable subgroups;

@group(0) @binding(5) var<storage, read> row_facts: array<vec4f>;
@group(0) @binding(6) var<storage, read> dy: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dq: array<f32>;

const SIZE = 64u;

fn four_keys(at: vec4u) -> mat4x4f {
  return mat4x4f(k[at.x], k[at.y], k[at.z], k[at.w]);
}

/// Adds four keys from `key` on.
fn add_keys(sums: ptr<function, Sums>, weights: Tile, start: u32, key: u32) {
  let at = (start + min(key + FOUR, vec4u(attention.keys - 1u)) * attention.k.z) / 4u;
  (*sums)[0] = plus_weighted((*sums)[0], weights, four_keys(at));
  if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_keys(at + 4u)); }
  if (COLUMNS > 2u) { (*sums)[2] = plus_weighted((*sums)[2], weights, four_keys(at + 8u)); }
  if (COLUMNS > 3u) { (*sums)[3] = plus_weighted((*sums)[3], weights, four_keys(at + 12u)); }
  if (COLUMNS > 4u) { (*sums)[4] = plus_weighted((*sums)[4], weights, four_keys(at + 16u)); }
  if (COLUMNS > 5u) { (*sums)[5] = plus_weighted((*sums)[5], weights, four_keys(at + 20u)); }
  if (COLUMNS > 6u) { (*sums)[6] = plus_weighted((*sums)[6], weights, four_keys(at + 24u)); }
  if (COLUMNS > 7u) { (*sums)[7] = plus_weighted((*sums)[7], weights, four_keys(at + 28u)); }
}

/// Gradients of the products of a group where all is seen and nothing capped.
fn gradients_of_group(products: mat4x4f, dp: mat4x4f, facts: mat4x4f) -> mat4x4f {
  let scores = attention.scale * products;
  return mat4x4f(
    gradients_of(scores[0], dp[0], facts[0]), gradients_of(scores[1], dp[1], facts[1]),
    gradients_of(scores[2], dp[2], facts[2]), gradients_of(scores[3], dp[3], facts[3]),
  );
}

fn store(sums: Tile, place: vec2u, first: u32, column: u32) {
  var rows = sums;
  let lane = column / 4u % 4u;
  for (var i = 0u; i < 16u; i++) {
    let row = first + (i ^ lane);
    if (row < attention.queries) {
      var values = attention.scale * rows[i / 4u][i % 4u];
      let at = dot(vec3u(place, row), attention.q.xyz) / attention.q.w * attention.key_width;
      for (var c = column; c < min(column + 4u, attention.key_width); c++) {
        dq[at + c] = values[c - column];
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
  let tile = tile_of_queries(linear_index(group, groups, local, SIZE) / 4u, 16u);
  let first = tile.first;
  let place = tile.place;
  let rows = min(first + lane + 4u * FOUR, vec4u(attention.queries - 1u));
  let at_q = (dot(place, attention.q.xy) + rows * attention.q.z) / 4u;
  let at_dy = (dot(place, attention.y.xy) + rows * attention.y.z) / 4u;
  let start_k = dot(tile.shared_head, attention.k.xy);
  let start_v = dot(tile.shared_head, attention.v.xy);
  let column = group.z * COLUMNS * 16u + 4u * lane;
  let at_facts = tile.row + rows;
  let facts = Tile(
    turned(row_facts[at_facts.x]), turned(row_facts[at_facts.y]),
    turned(row_facts[at_facts.z]), turned(row_facts[at_facts.w]),
  );
  // All quads of a workgroup end where the last one does.
  let last = tile_of_queries(linear_index(group, groups, SIZE - 1u, SIZE) / 4u, 16u).first + 15u;
  let end = end_of_keys(last);
  var sums = Sums();
  for (var key = 0u; key < end; key += 16u) {
    let keys = key + 4u * lane + FOUR;
    let own = min(keys, vec4u(attention.keys - 1u));
    let at_k = (start_k + own * attention.k.z) / 4u;
    var products = Tile();
    for (var c = 0u; c < attention.q.w / 4u; c++) {
      products = plus_products(
        products,
        mat4x4f(q[at_q.x + c], q[at_q.y + c], q[at_q.z + c], q[at_q.w + c]),
        mat4x4f(k[at_k.x + c], k[at_k.y + c], k[at_k.z + c], k[at_k.w + c]),
      );
    }
    let at_v = (start_v + own * attention.v.z) / 4u;
    var dp = Tile();
    for (var c = 0u; c < attention.v.w / 4u; c++) {
      dp = plus_products(
        dp,
        mat4x4f(dy[at_dy.x + c], dy[at_dy.y + c], dy[at_dy.z + c], dy[at_dy.w + c]),
        mat4x4f(v[at_v.x + c], v[at_v.y + c], v[at_v.z + c], v[at_v.w + c]),
      );
    }
    var ds = Tile();
    if (has_special(first, key + 15u)) {
      var product = products;
      var special = dp;
      var fact = facts;
      for (var i = 0u; i < 16u; i++) {
        let g = i / 4u;
        let x = i % 4u;
        let scores = masked(scores_of(product[g][x]), place, vec4u(first + (i ^ lane)), keys);
        let gradients = gradients_of(scores, special[g][x], fact[g][x]) * slope_of(product[g][x]);
        special[g][x] = select(vec4f(), gradients, scores > vec4f(HIDDEN));
      }
      ds = special;
    } else {
      ds = Tile(
        gradients_of_group(products[0], dp[0], facts[0]), gradients_of_group(products[1], dp[1], facts[1]),
        gradients_of_group(products[2], dp[2], facts[2]), gradients_of_group(products[3], dp[3], facts[3]),
      );
    }
    // The keys of each lane in turn.
    for (var turn = 0u; turn < 4u; turn++) {
      add_keys(&sums, ds, start_k + column, key + 4u * (lane ^ turn ^ (turn >> 1u)));
      ds = turned_columns(ds, turn);
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
