import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::along_axis::{ Rows, start_of };

// y = exp(x - max) / sum of exp(x - max) along an axis. x, y: [outer, C, inner], rows = outer *
// inner. One invocation a row, three passes.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Rows;

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
  var largest = x[first];
  for (var i = first + params.inner; i < end; i += params.inner) {
    largest = max(largest, x[i]);
  }
  var sum = 0.0;
  for (var i = first; i < end; i += params.inner) {
    sum += exp(max(x[i] - largest, NOTHING));
  }
  for (var i = first; i < end; i += params.inner) {
    y[i] = exp(max(x[i] - largest, NOTHING)) / sum;
  }
}
