import package::lib::grid::linear_index;
import package::nn::along_axis::{ Rows, start_of };

// dx = y * (dy - sum_j dy_j y_j) along an axis, from the output y. y, dy, dx: [outer, C, inner].
// One invocation a row, two passes.

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Rows;

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
  let first = start_of(row, params.classes, params.inner);
  let end = first + params.classes * params.inner;
  var mean = 0.0;
  for (var i = first; i < end; i += params.inner) {
    mean += dy[i] * y[i];
  }
  for (var i = first; i < end; i += params.inner) {
    dx[i] = y[i] * (dy[i] - mean);
  }
}
