import package::conv::windows_over::windows_over;
import package::lib::grid::linear_index;

// dx = sum of the dy of those windows whose maximum was here. dy, indices: [planes, output]; dx:
// [planes, input]. One invocation an element of dx, which asks the windows over it in ascending
// order.

struct Dims {
  input: vec2u,    // height, width
  output: vec2u,
  reach: vec2u,    // from the first to the last element of the window
  stride: vec2u,
  pad: vec2u,      // above and to the left
  count: u32,      // elements of dx
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> dx: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

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
  let own = i % size;
  let rows = windows_over(own / dims.input.y, dims.pad.x, dims.reach.x, dims.stride.x, dims.output.x);
  let cols = windows_over(own % dims.input.y, dims.pad.y, dims.reach.y, dims.stride.y, dims.output.y);
  var sum = 0.0;
  for (var row = rows.first; row < rows.end; row++) {
    for (var col = cols.first; col < cols.end; col++) {
      let at = (i / size * dims.output.x + row) * dims.output.y + col;
      if (indices[at] == i32(own)) {
        sum += dy[at];
      }
    }
  }
  dx[i] = sum;
}
