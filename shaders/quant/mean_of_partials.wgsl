// mean[0] = factor * (sum of the sums) / (sum of the counts), 0 where nothing was counted. partial:
// `lanes` pairs of a float sum and a count in bits. One workgroup: a lane adds every 64th pair,
// then six levels of a tree.

import package::lib::lanes::{LANES, sum_of_lanes};

struct Sizes {
  lanes: u32,
  factor: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<u32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

var<workgroup> counted: atomic<u32>;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var part = 0.0;
  for (var pair = lane; pair < sizes.lanes; pair += LANES) {
    part += bitcast<f32>(partial[2u * pair]);
    atomicAdd(&counted, partial[2u * pair + 1u]);
  }
  let sum = sum_of_lanes(lane, part); // its barriers come after every count
  if (lane < 1u) {
    mean[lane] = sizes.factor * sum / f32(max(atomicLoad(&counted), 1u));
  }
}
