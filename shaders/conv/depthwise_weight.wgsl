import package::conv::lines::{ dims, line, ROW_STEP, strip_at };
import package::lib::grid::linear_index;

// Gradient of a depthwise convolution's weight in parts: partial[part] = sum of dy * x over a piece of
// a strip of one sample, float32. x: [batch, channels, input]; dy: [batch, channels, output]; partial:
// [batch, pieces, strips, channels, kernel]. 2 |dy| taps flops.

@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> partial: array<f32>;

fn four(start: u32, col: i32) -> vec4f {
  let cols = col + vec4i(0, 1, 2, 3);
  let inside = cols < vec4i(dims.output.y);
  let at = start + vec4u(cols);
  return select(vec4f(), vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]), inside);
}

fn store(start: u32, row: i32, col: i32, sums: vec3f) {
  for (var j = 0; j < 3 && row < dims.kernel.x && col + j < dims.kernel.y; j++) {
    partial[start + u32(row * dims.kernel.y + col + j)] = sums[j];
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let index = linear_index(group, groups, local, 64u);
  if (index >= dims.count) {
    return;
  }
  let part = index / dims.channels % (dims.strips * dims.pieces);
  let col = i32(part % dims.strips) * 4;
  let first = i32(part / dims.strips) * dims.rows;
  let channel = index % dims.channels;
  let sample = index / (dims.channels * dims.strips * dims.pieces);
  let image = sample * dims.channels + channel;
  let end = min(first + dims.rows, dims.output.x);
  let start = index * u32(dims.kernel.x * dims.kernel.y);
  for (var i = 0; i < dims.kernel.x; i += 3) {
    for (var j = 0; j < dims.kernel.y; j += 3) {
      let strip = strip_at(image, col, j);
      var sums_0 = vec3f();
      var sums_1 = vec3f();
      var sums_2 = vec3f();
      var line_0 = line(strip, first, i);
      var line_1 = line(strip, first, i + 1);
      for (var row = first; row < end; row++) {
        let line_2 = line(strip, row, i + 2);
        let given = four((image * u32(dims.output.x) + u32(row)) * u32(dims.output.y), col);
        sums_0 += given * line_0;
        sums_1 += given * line_1;
        sums_2 += given * line_2;
        if (ROW_STEP == 1u) {
          line_0 = line_1;
          line_1 = line_2;
        } else if (ROW_STEP == 2u) {
          line_0 = line_2;
          line_1 = line(strip, row + 1, i + 1);
        } else {
          line_0 = line(strip, row + 1, i);
          line_1 = line(strip, row + 1, i + 1);
        }
      }
      store(start, i, j, sums_0);
      store(start, i + 1, j, sums_1);
      store(start, i + 2, j, sums_2);
    }
  }
}
