import package::lib::grid::linear_index;

// y = weight * ((x - mean) / sqrt(variance + eps)) + bias, channel by channel. x, y: [batch,
// channels, inner]; all others: [channels]. 6 flops and 8 bytes an element.

struct Params {
  size: u32,
  channels: u32,
  inner: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read> mean: array<f32>;
@group(0) @binding(4) var<storage, read> variance: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= params.size) {
    return;
  }
  let c = i / params.inner % params.channels;
  y[i] = weight[c] * ((x[i] - mean[c]) * inverseSqrt(variance[c] + params.eps)) + bias[c];
}
