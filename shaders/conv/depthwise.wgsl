import package::conv::lines::{ dims, line, ROW_STEP, strip_at };
import package::lib::grid::linear_index;

// y = the 2-D convolution of each channel of x with a kernel of its own (+ bias), or, TURNED, what it
// sends back; float32, zeros around x. x: [batch, channels, input]; weight: [channels, kernel]; y:
// [batch, channels, output]. 2 |y| taps flops.

@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// Whether each kernel is read from its end.
override TURNED: bool = false;
override HAS_BIAS: bool = false;

// Three taps of a row of a channel's kernel; those past its end are 0.
fn weights(channel: u32, row: i32, col: i32) -> vec3f {
  let cols = col + vec3i(0, 1, 2);
  let inside = (cols < vec3i(dims.kernel.y)) & vec3<bool>(row < dims.kernel.x);
  let taps = dims.kernel.x * dims.kernel.y;
  let tap = row * dims.kernel.y + cols;
  let at = channel * u32(taps) + vec3u(select(vec3i(), select(tap, taps - 1 - tap, vec3<bool>(TURNED)), inside));
  return select(vec3f(), vec3f(weight[at.x], weight[at.y], weight[at.z]), inside);
}

// Four columns of y, or as many as there are.
fn store(start: u32, col: i32, values: vec4f) {
  for (var i = 0; i < 4 && col + i < dims.output.y; i++) {
    y[start + u32(col + i)] = values[i];
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
  let col = i32(index % dims.strips) * 4;
  let first = i32(index / dims.strips % dims.pieces) * dims.rows;
  let image = index / (dims.strips * dims.pieces);
  let channel = image % dims.channels;
  let end = min(first + dims.rows, dims.output.x);
  for (var i = 0; i < dims.kernel.x; i += 3) {
    for (var j = 0; j < dims.kernel.y; j += 3) {
      let weights_0 = weights(channel, i, j);
      let weights_1 = weights(channel, i + 1, j);
      let weights_2 = weights(channel, i + 2, j);
      let strip = strip_at(image, col, j);
      var line_0 = line(strip, first, i);
      var line_1 = line(strip, first, i + 1);
      for (var row = first; row < end; row++) {
        let line_2 = line(strip, row, i + 2);
        let start = (image * u32(dims.output.x) + u32(row)) * u32(dims.output.y);
        var sum = vec4f();
        if (i + j > 0) {
          let at = start + u32(col) + vec4u(0u, 1u, 2u, 3u);
          sum = vec4f(y[at.x], y[at.y], y[at.z], y[at.w]);
        }
        sum = sum + line_0 * weights_0 + line_1 * weights_1 + line_2 * weights_2;
        if (HAS_BIAS && i + 3 >= dims.kernel.x && j + 3 >= dims.kernel.y) {
          sum += bias[channel];
        }
        store(start, col, sum);
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
    }
  }
}
