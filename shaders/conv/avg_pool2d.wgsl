import package::conv::cells::{ cells, dims };
import package::lib::grid::linear_index;

// y = the mean of the elements under the window: of those in x, or also of the zeros from `low` to
// `high` around it. x: [planes, input]; y: [planes, output]. One invocation an element of y; kernel
// reads each.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

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
  let positions = dims.output.x * dims.output.y;
  let start = i / positions * dims.input.x * dims.input.y;
  let corner = vec2i(vec2u(i % positions / dims.output.y, i % dims.output.y)) * dims.stride - dims.pad;
  var sum = 0.0;
  for (var j = 0u; j < dims.kernel.x; j++) {
    for (var k = 0u; k < dims.kernel.y; k++) {
      // Above and to the left of x it wraps around, and is past its end.
      let at = vec2u(corner) + vec2u(j, k) * dims.dilation;
      if (at.x < dims.input.x && at.y < dims.input.y) {
        sum += x[start + at.x * dims.input.y + at.y];
      }
    }
  }
  let rows = cells(corner.x, dims.kernel.x, dims.dilation.x, dims.low.x, dims.high.x);
  let cols = cells(corner.y, dims.kernel.y, dims.dilation.y, dims.low.y, dims.high.y);
  y[i] = sum / f32(rows * cols);
}
