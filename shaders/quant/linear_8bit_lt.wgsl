import package::lib::grid::linear_index;

// y = acc * (row_stats * weight_stats) / 127^2 + bias + what the outlier columns of x and the
// decoded weight, q * weight_stats / 127, add. acc: [m, n] integers; row_stats: [m]; weight_stats,
// bias: [n]; x: [m, k] floats; outliers: columns, ended by -1 where there are fewer than k; q: [n, k]
// signed bytes; y: [m, n] floats. An invocation makes 4 elements of a row, and reads their outlier
// columns of x once.

struct Dims {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> acc: array<i32>;
@group(0) @binding(1) var<storage, read> row_stats: array<f32>;
@group(0) @binding(2) var<storage, read> weight_stats: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read> x: array<f32>;
@group(0) @binding(5) var<storage, read> outliers: array<i32>;
@group(0) @binding(6) var<storage, read> q: array<u32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;
@group(0) @binding(8) var<uniform> dims: Dims;

override HAS_BIAS: bool = false;
override OUTLIERS: bool = false;

// 1/127 and its square, to nearest.
const STEP = 7.874015718698502e-3;
const STEP_SQUARED = 6.200012285262346e-5;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_index(group, groups, local, 64u);
  let fours = (dims.n + 3u) / 4u;
  let row = i / fours;
  let first = i % fours * 4u;
  if (row >= dims.m) {
    return;
  }
  let cols = min(dims.n - first, 4u);
  var apart = vec4f();
  if (OUTLIERS) {
    for (var j = 0u; j < dims.k && outliers[j] >= 0; j++) {
      let at = u32(outliers[j]);
      let value = x[row * dims.k + at];
      for (var c = 0u; c < cols; c++) {
        let place = (first + c) * dims.k + at;
        apart[c] += value * f32(extractBits(bitcast<i32>(q[place / 4u]), 8u * (place & 3u), 8u));
      }
    }
  }
  for (var c = 0u; c < cols; c++) {
    let col = first + c;
    let scale = weight_stats[col];
    var sum = f32(acc[row * dims.n + col]) * (row_stats[row] * scale) * STEP_SQUARED;
    if (HAS_BIAS) {
      sum += bias[col];
    }
    y[row * dims.n + col] = sum + apart[c] * (scale * STEP);
  }
}
