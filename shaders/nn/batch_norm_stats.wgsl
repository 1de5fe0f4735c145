import package::lib::lanes::{ LANES, sum_of_lanes };
import package::nn::channel::{ next_of, walk_of };

// Mean and biased variance of each channel, in two passes, and the running ones moved towards them.
// x: [batch, channels, inner]; all others: [channels]. A workgroup a channel; 4 flops and two reads
// an element of x.

struct Params {
  channels: u32,
  inner: u32,
  count: u32,     // elements of a channel
  keep: f32,      // 1 - momentum
  momentum: f32,
  unbias: f32,    // what a biased variance is multiplied by before it counts for the running one
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> running_mean: array<f32>;
@group(0) @binding(2) var<storage, read> running_var: array<f32>;
@group(0) @binding(3) var<storage, read_write> batch_mean: array<f32>;
@group(0) @binding(4) var<storage, read_write> batch_var: array<f32>;
@group(0) @binding(5) var<storage, read_write> new_mean: array<f32>;
@group(0) @binding(6) var<storage, read_write> new_var: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let channel = group.x;
  let start = walk_of(channel, lane, params.channels, params.inner);
  var sum = 0.0;
  var walk = start;
  for (var i = lane; i < params.count; i += LANES) {
    sum += x[walk.at];
    walk = next_of(walk);
  }
  let mean = sum_of_lanes(lane, sum) / f32(params.count);
  var squares = 0.0;
  walk = start;
  for (var i = lane; i < params.count; i += LANES) {
    let away = x[walk.at] - mean;
    squares += away * away;
    walk = next_of(walk);
  }
  let variance = sum_of_lanes(lane, squares) / f32(params.count);
  let at = channel + lane;
  if (at <= channel) { // one lane stores what all have
    batch_mean[at] = mean;
    batch_var[at] = variance;
    new_mean[at] = params.keep * running_mean[channel] + params.momentum * mean;
    new_var[at] = params.keep * running_var[channel] + params.momentum * (params.unbias * variance);
  }
}
