import package::lib::grid::linear_index;

// y = the largest element under the window, indices = where the first such lies in its image of x.
// x: [planes, input]; y, indices: [planes, output]. What surrounds x does not count. One invocation
// an element of y; kernel reads each.

struct Dims {
  input: vec2u,    // height, width
  output: vec2u,
  kernel: vec2u,
  stride: vec2u,
  pad: vec2u,      // above and to the left
  dilation: vec2u,
  count: u32,      // elements of y
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> indices: array<i32>;
@group(0) @binding(3) var<uniform> dims: Dims;

const SMALLEST = -3.4028234663852886e38; // of a window that meets nothing

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
  // Coordinates above or to the left of x wrap around, and are then past its end.
  let corner = vec2u(i % positions / dims.output.y, i % dims.output.y) * dims.stride - dims.pad;
  var largest = SMALLEST;
  var found = -1;
  for (var row = corner.x; row != corner.x + dims.kernel.x * dims.dilation.x; row += dims.dilation.x) {
    for (var col = corner.y; col != corner.y + dims.kernel.y * dims.dilation.y; col += dims.dilation.y) {
      if (row < dims.input.x && col < dims.input.y) {
        let at = row * dims.input.y + col;
        if (found < 0 || x[start + at] > largest) {
          largest = x[start + at];
          found = i32(at);
        }
      }
    }
  }
  y[i] = largest;
  indices[i] = found;
}
