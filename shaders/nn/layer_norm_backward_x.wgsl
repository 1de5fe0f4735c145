import package::lib::grid::linear_index;

// dx = rstd * (g - mean(g) - z * mean(g z)), g = weight * dy, z = (x - mean) * rstd. x, dy, dx:
// [rows, width]; weight: [width]; row_stats: [rows] of (mean, rstd). One invocation a row, two
// passes.

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> row_stats: array<vec2f>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> dx: array<f32>;
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
  let mean = row_stats[row].x;
  let rstd = row_stats[row].y;
  var sum = 0.0;
  var along = 0.0;
  for (var c = 0u; c < params.width; c++) {
    let g = weight[c] * dy[first + c];
    sum += g;
    along += g * ((x[first + c] - mean) * rstd);
  }
  sum /= f32(params.width);
  along /= f32(params.width);
  for (var c = 0u; c < params.width; c++) {
    let z = (x[first + c] - mean) * rstd;
    dx[first + c] = rstd * (weight[c] * dy[first + c] - sum - z * along);
  }
}
