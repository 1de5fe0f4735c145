import package::attention::operands::{ FOUR, HIDDEN, attention, masked, scores_of, v };
import package::attention::slab::{ COLUMNS, FOURS, LANES, ROWS, block_of_scores, keep_weights, largest_over_lanes, plus_products, plus_weighted, share_of, sum_over_lanes, weights_at };
import package::attention::softmax::{ exponentials_of, rescaled, rescaling };
import package::attention::tiles::{ end_of_keys, tile_of_queries };
import package::lib::grid::linear_index;

// y = softmax(scores) v as attention_flash, through workgroup memory: what a graphics chip wants. A
// workgroup takes 32 queries and 64 columns of v, and goes through the keys 64 at a time.

@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> row_stats: array<vec2f>;

/// Four columns of the value at a key, past the end of keys that of the last. What it finds past the
/// end of columns, it sums into columns that are not stored.
fn value_at(start: u32, key: u32) -> vec4f {
  return v[start + min(key, attention.keys - 1u) * attention.v.z / 4u];
}

fn store(sums: mat4x4f, totals: vec4f, place: vec2u, first: u32, column: u32) {
  var rows = sums;
  for (var r = 0u; r < 4u; r++) {
    let at = dot(vec3u(place, first + r), attention.y.xyz);
    var values = select(vec4f(), rows[r] / totals[r], totals[r] > 0.0);
    for (var c = column; c < min(column + 4u, attention.value_width) && first + r < attention.queries; c++) {
      y[at + c] = values[c - column];
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
  let start_k = dot(tile.shared_head, attention.k.xy);
  let start_v = dot(tile.shared_head, attention.v.xy) / 4u + 16u * group.z + local.x;
  let end = end_of_keys(first + ROWS - 1u);
  var sums = mat4x4f();
  var totals = vec4f();
  var largest = vec4f(HIDDEN);
  for (var key = 0u; key < end; key += COLUMNS) {
    let own_keys = min(key + share.line + FOUR, vec4u(attention.keys - 1u));
    let at_k = (start_k + own_keys * attention.k.z) / 4u;
    let lines = select(at_k, at_q, share.of_rows);
    var s = mat4x4f();
    for (var c = 0u; c < attention.q.w / 4u; c += FOURS) {
      s = plus_products(s, local, share, block_of_scores(share.of_rows, lines, c + share.four));
    }
    let keys = key + 4u * local.x + FOUR;
    for (var r = 0u; r < 4u; r++) {
      s[r] = masked(scores_of(s[r]), tile.place, vec4u(first + 4u * local.y + r), keys);
    }
    let by_key = transpose(s);
    let before = largest;
    largest = max(before, largest_over_lanes(local, max(max(by_key[0], by_key[1]), max(by_key[2], by_key[3]))));
    let rescale = rescaling(before, largest);
    let p = exponentials_of(s, largest);
    totals = totals * rescale + transpose(p) * vec4f(1.0);
    sums = rescaled(sums, rescale);
    keep_weights(local, p);
    for (var i = 0u; i < COLUMNS; i++) {
      sums = plus_weighted(sums, weights_at(local, i), value_at(start_v, key + i));
    }
    workgroupBarrier();
  }
  totals = sum_over_lanes(local, totals);
  store(sums, totals, tile.place, first + 4u * local.y, 64u * group.z + 4u * local.x);
  for (var r = 0u; r < 4u; r++) {
    let row = first + 4u * local.y + r;
    if (group.z == 0u && local.x == 0u && row < attention.queries) {
      row_stats[tile.row + row] = vec2f(largest[r], totals[r]);
    }
  }
}
