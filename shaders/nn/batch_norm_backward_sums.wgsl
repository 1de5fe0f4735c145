import package::lib::lanes::{ LANES, sum_of_lanes };
import package::nn::channel::{ next_of, walk_of };

// dweight = sum of dy * z and dbias = sum of dy over each channel, z = (x - mean) / sqrt(variance +
// eps). x, dy: [batch, channels, inner]; all others: [channels]. A workgroup a channel; 5 flops and
// one read of x and dy an element.

struct Params {
  channels: u32,
  inner: u32,
  count: u32, // elements of a channel
  eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> mean: array<f32>;
@group(0) @binding(2) var<storage, read> variance: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(5) var<storage, read_write> dbias: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let channel = group.x;
  let center = mean[channel];
  let rstd = inverseSqrt(variance[channel] + params.eps);
  var of_weight = 0.0;
  var of_bias = 0.0;
  var walk = walk_of(channel, lane, params.channels, params.inner);
  for (var i = lane; i < params.count; i += LANES) {
    let flow = dy[walk.at];
    of_weight += flow * ((x[walk.at] - center) * rstd);
    of_bias += flow;
    walk = next_of(walk);
  }
  let weight_sum = sum_of_lanes(lane, of_weight);
  let bias_sum = sum_of_lanes(lane, of_bias);
  let at = channel + lane;
  if (at <= channel) { // one lane stores what all have
    dweight[at] = weight_sum;
    dbias[at] = bias_sum;
  }
}
