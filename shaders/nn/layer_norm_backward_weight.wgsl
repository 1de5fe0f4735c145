import package::lib::grid::linear_index;

// dweight = sum over rows of dy * ((x - mean) * rstd), in ascending order of rows. x, dy: [rows,
// width]; row_stats: [rows] of (mean, rstd); dweight: [width]. One invocation a column.

struct Params {
  rows: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> row_stats: array<vec2f>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let c = linear_index(group, groups, lane, SIZE);
  if (c >= params.width) {
    return;
  }
  var sum = 0.0;
  for (var row = 0u; row < params.rows; row++) {
    let i = row * params.width + c;
    sum += dy[i] * ((x[i] - row_stats[row].x) * row_stats[row].y);
  }
  dweight[c] = sum;
}
