import package::conv::cells::{ cells, dims };
import package::conv::windows_over::windows_over;
import package::lib::grid::linear_index;

// dx = sum over the windows over an element of dy / elements that count. dy: [planes, output]; dx:
// [planes, input]. One invocation an element of dx, which asks the windows in ascending order.

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let size = dims.input.x * dims.input.y;
  let own = vec2u(i % size / dims.input.y, i % dims.input.y);
  let reach = (dims.kernel - 1u) * dims.dilation;
  let rows = windows_over(own.x, u32(dims.pad.x), reach.x, u32(dims.stride.x), dims.output.x);
  let cols = windows_over(own.y, u32(dims.pad.y), reach.y, u32(dims.stride.y), dims.output.y);
  var sum = 0.0;
  for (var row = rows.first; row < rows.end; row++) {
    let top = i32(row) * dims.stride.x - dims.pad.x;
    let in_rows = cells(top, dims.kernel.x, dims.dilation.x, dims.low.x, dims.high.x);
    for (var col = cols.first; col < cols.end; col++) {
      let left = i32(col) * dims.stride.y - dims.pad.y;
      let step = vec2u(vec2i(own) - vec2i(top, left)) % dims.dilation;
      if (step.x == 0u && step.y == 0u) {
        let in_cols = cells(left, dims.kernel.y, dims.dilation.y, dims.low.y, dims.high.y);
        sum += dy[(i / size * dims.output.x + row) * dims.output.y + col] / f32(in_rows * in_cols);
      }
    }
  }
  dx[i] = sum;
}
