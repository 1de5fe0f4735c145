import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// scale = (max(high, 0) - min(low, 0)) / steps, at least eps, and zero_point = lowest - round(min(low,
// 0) / scale), ties to even, from `lowest` to lowest + steps; SYMMETRIC: scale = max(high, -low) /
// (steps / 2), and zero_point is `middle`. low, high, scale: n floats; zero_point: bytes. One invocation
// makes four.

struct Range {
  n: u32,
  lowest: f32,
  steps: f32,
  eps: f32,
  middle: u32,
}

@group(0) @binding(0) var<storage, read> low: array<f32>;
@group(0) @binding(1) var<storage, read> high: array<f32>;
@group(0) @binding(2) var<storage, read_write> scale: array<f32>;
@group(0) @binding(3) var<storage, read_write> zero_point: array<u32>;
@group(0) @binding(4) var<uniform> range: Range;

override SYMMETRIC: bool = false;

fn zero_point_of(least: f32, step: f32) -> u32 {
  if (SYMMETRIC) {
    return range.middle;
  }
  let code = clamp(range.lowest - round(least / step), range.lowest, range.lowest + range.steps);
  return u32(i32(code)) & 255u;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let w = linear_index(group, groups, lane, MANY);
  if (4u * w >= range.n) {
    return;
  }
  var word = 0u;
  for (var i = 4u * w; i < end_of(4u * w, range.n); i++) {
    let least = min(low[i], 0.0);
    let most = max(high[i], 0.0);
    let reach = select(most - least, max(most, -least), SYMMETRIC);
    let step = max(reach / select(range.steps, 0.5 * range.steps, SYMMETRIC), range.eps);
    scale[i] = step;
    word |= zero_point_of(least, step) << (8u * (i % 4u));
  }
  zero_point[w] = word;
}
