import package::lib::grid::linear_index;
import package::math::ordered::value_of;

// y[r] = low + fraction * (high - low): low is the element of the rank that was found, high the one
// after it. found: for each row its key, its rank among equal ones, how many these are; next: the
// key of the smallest larger element of each row.

struct Place {
  rows: u32,
  fraction: f32,
}

@group(0) @binding(0) var<storage, read> found: array<u32>;
@group(0) @binding(1) var<storage, read> next: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> place: Place;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, 64u);
  if (row >= place.rows) {
    return;
  }
  let low = value_of(found[3u * row]);
  var step = 0.0;
  if (place.fraction > 0.0 && found[3u * row + 1u] + 1u == found[3u * row + 2u]) {
    step = place.fraction * (value_of(next[row]) - low);
  }
  y[row] = low + step;
}
