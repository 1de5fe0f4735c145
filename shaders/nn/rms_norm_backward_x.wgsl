import package::lib::grid::linear_index;

// dx = rstd * (weight * dy - x * (rstd^2 * sum_j(dy_j weight_j x_j) / width)). x, dy, dx: [rows,
// width]; weight: [width]; rstd: [rows]. One invocation a row, two passes.

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> rstd: array<f32>;
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
  var sum = 0.0;
  for (var c = 0u; c < params.width; c++) {
    sum += weight[c] * dy[first + c] * x[first + c];
  }
  let scale = rstd[row];
  let along = scale * scale * sum / f32(params.width);
  for (var c = 0u; c < params.width; c++) {
    dx[first + c] = scale * (weight[c] * dy[first + c] - x[first + c] * along);
  }
}
