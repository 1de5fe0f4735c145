import package::attention::operands::{ FOUR, HIDDEN, attention, has_special, k, masked, q, scores_of, v };
import package::attention::softmax::{ exponentials_of, rescaling };
import package::attention::tile::{ COLUMNS, Sums, Tile, largest_of, plus_products, plus_weighted, sum_of, sum_over_quad, times, turned_columns };
import package::attention::tiles::{ end_of_keys, tile_of_queries };
import package::lib::grid::linear_index;

// y = softmax(scores) v without storing a score: each quad takes 16 queries and goes through the
// keys 16 at a time with a running maximum, to which sums are rescaled when it grows (Milakov &
// Gimelshein 2018, Dao et al. 2022). q: [B, H, Q, D] or [B, Q, H * D], k, v, y likewise; row_stats:
// [B, H, Q] of (maximum, sum of exp). 2 B H Q K (D + Dv) flops.
enable subgroups;

@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> row_stats: array<vec2f>;

const SIZE = 64u;

fn four_values(at: vec4u) -> mat4x4f {
  return mat4x4f(v[at.x], v[at.y], v[at.z], v[at.w]);
}

/// Adds the values of four keys from `key` on.
fn add_values(sums: ptr<function, Sums>, weights: Tile, start: u32, key: u32) {
  let at = (start + min(key + FOUR, vec4u(attention.keys - 1u)) * attention.v.z) / 4u;
  (*sums)[0] = plus_weighted((*sums)[0], weights, four_values(at));
  if (COLUMNS > 1u) { (*sums)[1] = plus_weighted((*sums)[1], weights, four_values(at + 4u)); }
  if (COLUMNS > 2u) { (*sums)[2] = plus_weighted((*sums)[2], weights, four_values(at + 8u)); }
  if (COLUMNS > 3u) { (*sums)[3] = plus_weighted((*sums)[3], weights, four_values(at + 12u)); }
  if (COLUMNS > 4u) { (*sums)[4] = plus_weighted((*sums)[4], weights, four_values(at + 16u)); }
  if (COLUMNS > 5u) { (*sums)[5] = plus_weighted((*sums)[5], weights, four_values(at + 20u)); }
  if (COLUMNS > 6u) { (*sums)[6] = plus_weighted((*sums)[6], weights, four_values(at + 24u)); }
  if (COLUMNS > 7u) { (*sums)[7] = plus_weighted((*sums)[7], weights, four_values(at + 28u)); }
}

fn store(sums: Tile, totals: mat4x4f, place: vec2u, first: u32, column: u32) {
  var rows = sums;
  var total_of = totals;
  let lane = column / 4u % 4u;
  for (var i = 0u; i < 16u; i++) {
    let row = first + (i ^ lane);
    if (row < attention.queries) {
      let total = total_of[i / 4u][i % 4u];
      var values = select(vec4f(), rows[i / 4u][i % 4u] / total, total > 0.0);
      let at = dot(vec3u(place, row), attention.y.xyz);
      for (var c = column; c < min(column + 4u, attention.value_width); c++) {
        y[at + c] = values[c - column];
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
  let start_k = dot(tile.shared_head, attention.k.xy);
  let column = group.z * COLUMNS * 16u + 4u * lane;
  let start_v = dot(tile.shared_head, attention.v.xy) + column;
  // All quads of a workgroup end where the last one does.
  let last = tile_of_queries(linear_index(group, groups, SIZE - 1u, SIZE) / 4u, 16u).first + 15u;
  let end = end_of_keys(last);
  var sums = Sums();
  var totals = mat4x4f();
  var largest = mat4x4f(vec4f(HIDDEN), vec4f(HIDDEN), vec4f(HIDDEN), vec4f(HIDDEN));
  for (var key = 0u; key < end; key += 16u) {
    let keys = key + 4u * lane + FOUR;
    let at_k = (start_k + min(keys, vec4u(attention.keys - 1u)) * attention.k.z) / 4u;
    var s = Tile();
    for (var c = 0u; c < attention.q.w / 4u; c++) {
      s = plus_products(
        s,
        mat4x4f(q[at_q.x + c], q[at_q.y + c], q[at_q.z + c], q[at_q.w + c]),
        mat4x4f(k[at_k.x + c], k[at_k.y + c], k[at_k.z + c], k[at_k.w + c]),
      );
    }
    if (has_special(first, key + 15u)) {
      var special = s;
      for (var i = 0u; i < 16u; i++) {
        let scores = scores_of(special[i / 4u][i % 4u]);
        special[i / 4u][i % 4u] = masked(scores, place, vec4u(first + (i ^ lane)), keys);
      }
      s = special;
    } else {
      s = Tile(attention.scale * s[0], attention.scale * s[1], attention.scale * s[2], attention.scale * s[3]);
    }
    let before = largest;
    largest = mat4x4f(
      max(before[0], largest_of(s[0])), max(before[1], largest_of(s[1])),
      max(before[2], largest_of(s[2])), max(before[3], largest_of(s[3])),
    );
    let rescale = mat4x4f(
      rescaling(before[0], largest[0]), rescaling(before[1], largest[1]),
      rescaling(before[2], largest[2]), rescaling(before[3], largest[3]),
    );
    var p = Tile(
      exponentials_of(s[0], largest[0]), exponentials_of(s[1], largest[1]),
      exponentials_of(s[2], largest[2]), exponentials_of(s[3], largest[3]),
    );
    totals = mat4x4f(
      totals[0] * rescale[0] + sum_of(p[0]), totals[1] * rescale[1] + sum_of(p[1]),
      totals[2] * rescale[2] + sum_of(p[2]), totals[3] * rescale[3] + sum_of(p[3]),
    );
    sums[0] = times(sums[0], rescale);
    if (COLUMNS > 1u) { sums[1] = times(sums[1], rescale); }
    if (COLUMNS > 2u) { sums[2] = times(sums[2], rescale); }
    if (COLUMNS > 3u) { sums[3] = times(sums[3], rescale); }
    if (COLUMNS > 4u) { sums[4] = times(sums[4], rescale); }
    if (COLUMNS > 5u) { sums[5] = times(sums[5], rescale); }
    if (COLUMNS > 6u) { sums[6] = times(sums[6], rescale); }
    if (COLUMNS > 7u) { sums[7] = times(sums[7], rescale); }
    // The keys of each lane in turn.
    for (var turn = 0u; turn < 4u; turn++) {
      add_values(&sums, p, start_v, key + 4u * (lane ^ turn ^ (turn >> 1u)));
      p = turned_columns(p, turn);
    }
  }
  totals = mat4x4f(
    sum_over_quad(totals[0]), sum_over_quad(totals[1]), sum_over_quad(totals[2]), sum_over_quad(totals[3]),
  );
  store(sums[0], totals, place, first, column);
  if (COLUMNS > 1u) { store(sums[1], totals, place, first, column + 16u); }
  if (COLUMNS > 2u) { store(sums[2], totals, place, first, column + 32u); }
  if (COLUMNS > 3u) { store(sums[3], totals, place, first, column + 48u); }
  if (COLUMNS > 4u) { store(sums[4], totals, place, first, column + 64u); }
  if (COLUMNS > 5u) { store(sums[5], totals, place, first, column + 80u); }
  if (COLUMNS > 6u) { store(sums[6], totals, place, first, column + 96u); }
  if (COLUMNS > 7u) { store(sums[7], totals, place, first, column + 112u); }
  var highest = largest;
  var total_of = totals;
  for (var g = 0u; g < 4u; g++) {
    let row = first + 4u * g + lane;
    if (group.z == 0u && row < attention.queries) {
      row_stats[tile.row + row] = vec2f(highest[g].x, total_of[g].x);
    }
  }
}
