import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// y = weight * ((x - mean) / sqrt(variance + eps)) + bias, channel by channel. x, y: [batch,
// channels, inner]; all others: [channels]. Four elements an invocation; 6 flops and 8 bytes an
// element.

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

// Whether each four are of one channel.
override FOURS: bool = false;

fn channel_of(i: u32) -> u32 {
  return i / params.inner % params.channels;
}

// What becomes of elements of channel `c`.
fn normalised(elements: vec4f, c: u32) -> vec4f {
  let rstd = inverseSqrt(variance[c] + params.eps);
  return weight[c] * ((elements - mean[c]) * rstd) + bias[c];
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 4u * linear_index(group, groups, lane, MANY);
  if (i >= params.size) {
    return;
  }
  if (FOURS) {
    let four = normalised(vec4f(x[i], x[i + 1u], x[i + 2u], x[i + 3u]), channel_of(i));
    y[i] = four.x;
    y[i + 1u] = four.y;
    y[i + 2u] = four.z;
    y[i + 3u] = four.w;
    return;
  }
  for (var e = i; e < end_of(i, params.size); e++) {
    y[e] = normalised(vec4f(x[e]), channel_of(e)).x;
  }
}
