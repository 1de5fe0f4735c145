import package::lib::grid::linear_index;

// dx = weight * rstd * (dy - dbias / n - z * dweight / n) over a channel's n elements, z = (x -
// mean) * rstd, rstd = 1 / sqrt(variance + eps); with running statistics, which do not depend on x,
// weight * rstd * dy. x, dy, dx: [batch, channels, inner]; all others: [channels].

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
  let rstd = inverseSqrt(variance[c] + params.eps);
  let z = (x[i] - mean[c]) * rstd;
  dx[i] = weight[c] * rstd * (dy[i] - params.share * dbias[c] - z * (params.share * dweight[c]));
}
