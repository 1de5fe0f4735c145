import package::lib::grid::linear_index;

// y = acc * (max(row_stats, LEAST) * scale) / 127 + bias. acc: [m, n] integers; row_stats: [m] floats,
// the largest magnitudes of the rows that were quantized; scale: one float; bias: [n] floats; y: [m,
// n] floats.

struct Dims {
  m: u32,
  n: u32,
}

@group(0) @binding(0) var<storage, read> acc: array<i32>;
@group(0) @binding(1) var<storage, read> row_stats: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> dims: Dims;

override LEAST: f32 = 0.0;
override HAS_BIAS: bool = false;

// 1/127, to nearest.
const STEP = 7.874015718698502e-3;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_index(group, groups, local, 64u);
  if (i >= dims.m * dims.n) {
    return;
  }
  var sum = f32(acc[i]) * (max(row_stats[i / dims.n], LEAST) * scale[0]) * STEP;
  if (HAS_BIAS) {
    sum += bias[i % dims.n];
  }
  y[i] = sum;
}
