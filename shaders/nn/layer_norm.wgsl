import package::lib::grid::linear_index;

// y = weight * ((x - mean) * rstd) + bias, rstd = 1 / sqrt(variance + eps), mean and biased
// variance of each row. x, y: [rows, width]; weight, bias: [width]; row_stats: [rows] of (mean,
// rstd). One invocation a row, three passes: mean, variance, result.

struct Params {
  rows: u32,
  width: u32,
  has_bias: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> row_stats: array<vec2f>;
@group(0) @binding(5) var<uniform> params: Params;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= params.rows) {
    return;
  }
  let first = row * params.width;
  var sum = 0.0;
  for (var c = 0u; c < params.width; c++) {
    sum += x[first + c];
  }
  let mean = sum / f32(params.width);
  var squares = 0.0;
  for (var c = 0u; c < params.width; c++) {
    let away = x[first + c] - mean;
    squares += away * away;
  }
  let rstd = inverseSqrt(squares / f32(params.width) + params.eps);
  row_stats[row] = vec2f(mean, rstd);
  for (var c = 0u; c < params.width; c++) {
    var result = weight[c] * ((x[first + c] - mean) * rstd);
    if (params.has_bias != 0u) {
      result += bias[c];
    }
    y[first + c] = result;
  }
}
