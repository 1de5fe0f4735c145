import package::attention::operands::{ FOUR, HIDDEN, attention, k, masked, q, scores_of, v };
import package::attention::slab::{ ROWS, SHARE, VECTORS, keep_weights, largest_over_lanes, products_of, sum_over_lanes, weighted_rows };
import package::attention::softmax::{ exponentials_of, rescaled, rescaling };
import package::attention::tiles::{ end_of_keys, tile_of_queries };
import package::lib::grid::linear_index;

// y = softmax(scores) v as attention_flash, through workgroup memory: what a graphics chip wants. A
// workgroup takes 32 queries and 64 columns of v, and goes through the keys 32 at a time.

@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<storage, read_write> row_stats: array<vec2f>;

/// A vector of columns of the value at a key, past the end of keys that of the last. What it finds past
/// the end of columns, it sums into columns that are not stored.
fn value_at(start: u32, key: u32, column: u32) -> vec4f {
  return v[(start + min(key, attention.keys - 1u) * attention.v.z) / 4u + column];
}

/// The weighted sum of 16 values from `key` on, over the lane's four columns from vector `column` on.
fn sum_of_values(local: vec2u, start: u32, key: u32, column: u32) -> mat4x4f {
  let own = key + local.y;
  let at = column + local.x;
  return weighted_rows(local, value_at(start, own, at), value_at(start, own + 8u, at));
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
  let at_q = dot(vec3u(tile.place, min(first + loaded, attention.queries - 1u)), attention.q.xyz) / 4u;
  let start_k = dot(tile.shared_head, attention.k.xy);
  let start_v = dot(tile.shared_head, attention.v.xy);
  let end = end_of_keys(first + ROWS - 1u);
  var left = mat4x4f();
  var right = mat4x4f();
  var totals = vec4f();
  var largest = vec4f(HIDDEN);
  for (var key = 0u; key < end; key += ROWS) {
    let at_k = (start_k + min(key + loaded, attention.keys - 1u) * attention.k.z) / 4u;
    var products = mat4x4f();
    for (var c = 0u; c < attention.q.w / 4u; c += VECTORS) {
      let at = c + lane % VECTORS;
      let inside = at < attention.q.w / 4u;
      let row = select(vec4f(), q[at_q + at], inside);
      let column = select(vec4f(), k[at_k + at], inside);
      products += products_of(local, lane, row, column);
    }
    let keys = key + 4u * local.x + FOUR;
    for (var r = 0u; r < 4u; r++) {
      products[r] = masked(scores_of(products[r]), tile.place, vec4u(first + 4u * local.y + r), keys);
    }
    let s = products;
    let by_key = transpose(s);
    let before = largest;
    largest = max(before, largest_over_lanes(local, max(max(by_key[0], by_key[1]), max(by_key[2], by_key[3]))));
    let rescale = rescaling(before, largest);
    let p = exponentials_of(s, largest);
    totals = totals * rescale + transpose(p) * vec4f(1.0);
    left = rescaled(left, rescale);
    right = rescaled(right, rescale);
    for (var share = 0u; share < 2u; share++) {
      keep_weights(local, share, p);
      left += sum_of_values(local, start_v, key + SHARE * share, 16u * group.z);
      right += sum_of_values(local, start_v, key + SHARE * share, 16u * group.z + 8u);
    }
  }
  totals = sum_over_lanes(local, totals);
  store(left, totals, tile.place, first + 4u * local.y, 64u * group.z + 4u * local.x);
  store(right, totals, tile.place, first + 4u * local.y, 64u * group.z + 32u + 4u * local.x);
  for (var r = 0u; r < 4u; r++) {
    let row = first + 4u * local.y + r;
    if (group.z == 0u && local.x == 0u && row < attention.queries) {
      row_stats[tile.row + row] = vec2f(largest[r], totals[r]);
    }
  }
}
