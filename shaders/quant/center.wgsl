// mean[0] = mean of x, y[i] = x[i] - mean. n floats, one workgroup: made for block statistics,
// which are few. A lane adds every 64th element, then six levels of a tree; the order is fixed.

import package::lib::lanes::{LANES, sum_of_lanes};

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var part = 0.0;
  for (var i = lane; i < sizes.n; i += LANES) {
    part += x[i];
  }
  let average = sum_of_lanes(lane, part) / f32(sizes.n);
  if (lane < 1u) {
    mean[lane] = average;
  }
  for (var i = lane; i < sizes.n; i += LANES) {
    y[i] = x[i] - average;
  }
}
