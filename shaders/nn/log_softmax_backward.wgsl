import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::along_axis::{ Rows, start_of };

// dx = dy - exp(y) * sum of dy along an axis, from the output y. y, dy, dx: [outer, C, inner]. One
// invocation a row, two passes.

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> params: Rows;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, 64u);
  if (row >= params.rows) {
    return;
  }
  let first = start_of(row, params.classes, params.inner);
  let end = first + params.classes * params.inner;
  var sum = 0.0;
  for (var i = first; i < end; i += params.inner) {
    sum += dy[i];
  }
  for (var i = first; i < end; i += params.inner) {
    dx[i] = dy[i] - exp(max(y[i], NOTHING)) * sum;
  }
}
