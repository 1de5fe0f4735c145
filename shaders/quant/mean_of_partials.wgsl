// mean[r] = factor * (sum of row r's sums) / (sum of its counts), 0 where nothing was counted.
// partial: `lanes` pairs a row, of a float sum and a count in bits. A workgroup takes a row: a lane
// adds every 64th pair, then six levels of a tree.

import package::lib::grid::linear_index;
import package::lib::lanes::{LANES, sum_of_lanes};

struct Sizes {
  rows: u32,
  lanes: u32,
  factor: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<u32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

var<workgroup> counted: atomic<u32>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, 0u, 1u);
  if (row >= sizes.rows) {
    return;
  }
  let end = (row + 1u) * sizes.lanes;
  var part = 0.0;
  for (var pair = row * sizes.lanes + lane; pair < end; pair += LANES) {
    part += bitcast<f32>(partial[2u * pair]);
    atomicAdd(&counted, partial[2u * pair + 1u]);
  }
  let sum = sum_of_lanes(lane, part); // its barriers come after every count
  if (lane < 1u) {
    mean[row] = sizes.factor * sum / f32(max(atomicLoad(&counted), 1u));
  }
}
