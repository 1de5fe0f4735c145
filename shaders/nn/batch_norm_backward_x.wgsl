import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// dx = weight * rstd * (dy - dbias / n - z * dweight / n) over a channel's n elements, z = (x -
// mean) * rstd, rstd = 1 / sqrt(variance + eps); with running statistics, which do not depend on x,
// weight * rstd * dy. x, dy, dx: [batch, channels, inner]; all others: [channels]. Four elements an
// invocation.

struct Params {
  size: u32,
  channels: u32,
  inner: u32,
  eps: f32,
  share: f32, // 1 / n, or 0 with running statistics
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> mean: array<f32>;
@group(0) @binding(3) var<storage, read> variance: array<f32>;
@group(0) @binding(4) var<storage, read> dy: array<f32>;
@group(0) @binding(5) var<storage, read> dweight: array<f32>;
@group(0) @binding(6) var<storage, read> dbias: array<f32>;
@group(0) @binding(7) var<storage, read_write> dx: array<f32>;
@group(0) @binding(8) var<uniform> params: Params;

// Whether each four are of one channel.
override FOURS: bool = false;

fn channel_of(i: u32) -> u32 {
  return i / params.inner % params.channels;
}

// What flows to elements of channel `c`.
fn slope(elements: vec4f, flow: vec4f, c: u32) -> vec4f {
  let rstd = inverseSqrt(variance[c] + params.eps);
  let z = (elements - mean[c]) * rstd;
  return weight[c] * rstd * (flow - params.share * dbias[c] - z * (params.share * dweight[c]));
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
    let elements = vec4f(x[i], x[i + 1u], x[i + 2u], x[i + 3u]);
    let flow = vec4f(dy[i], dy[i + 1u], dy[i + 2u], dy[i + 3u]);
    let four = slope(elements, flow, channel_of(i));
    dx[i] = four.x;
    dx[i + 1u] = four.y;
    dx[i + 2u] = four.z;
    dx[i + 3u] = four.w;
    return;
  }
  for (var e = i; e < end_of(i, params.size); e++) {
    dx[e] = slope(vec4f(x[e]), vec4f(dy[e]), channel_of(e)).x;
  }
}
