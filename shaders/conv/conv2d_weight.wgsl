import package::lib::grid::linear_index;

// Gradient of a convolution's weight over some samples: partial[s] = sum over samples of chunk s,
// rows and columns of dy * x, float32. x: [batch, groups * terms, input]; dy: [batch, groups *
// channels, output]; partial: [chunks, groups * channels, terms * taps], taps being the elements of
// the kernel. 2 |dy| terms taps flops. Each invocation keeps 4 channels x 4 columns in registers.

struct Dims {
  input: vec2u,    // height, width
  output: vec2u,
  kernel: vec2u,
  stride: vec2u,
  pad: vec2u,      // above and to the left
  dilation: vec2u,
  batch: u32,
  groups: u32,
  channels: u32,   // of dy in a group
  terms: u32,      // channels of x in a group
  chunks: u32,     // chunk s has every chunks-th sample from s on
  tiles: u32,      // tiles of four columns
  blocks: u32,     // blocks of four channels in a group
  count: u32,      // tiles of all chunks
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

// Whether a group has one channel only: of the four that share what is read, one is stored.
override DEPTHWISE: bool = false;

const FOUR = vec4u(0u, 1u, 2u, 3u);

fn store(channel: u32, first: u32, plane: u32, sums: vec4f) {
  let columns = dims.terms * dims.kernel.x * dims.kernel.y;
  if (channel < dims.channels) {
    for (var i = 0u; i < 4u && first + i < columns; i++) {
      partial[(plane + channel) * columns + first + i] = sums[i];
    }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_index(group, groups, lane, 64u);
  if (tile >= dims.count) {
    return;
  }
  let first = (tile % dims.tiles) * 4u;
  let channel = (tile / dims.tiles % dims.blocks) * 4u;
  let part = tile / (dims.tiles * dims.blocks); // one group of one chunk
  let taps = dims.kernel.x * dims.kernel.y;
  let column = first + FOUR;
  // Coordinates in x wrap around when they are negative, and are then past its end. Columns past
  // the end are not stored.
  let row_of_tap = column % taps / dims.kernel.y * dims.dilation.x - dims.pad.x;
  let col_of_tap = column % dims.kernel.y * dims.dilation.y - dims.pad.y;
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  for (var n = part / dims.groups; n < dims.batch; n += dims.chunks) {
    let image = n * dims.groups + part % dims.groups;
    let start = (image * dims.terms + column / taps) * dims.input.x;
    var at_dy = (image * dims.channels + channel + FOUR) * dims.output.x * dims.output.y;
    for (var i = 0u; i < dims.output.x; i++) {
      let row = i * dims.stride.x + row_of_tap;
      for (var j = 0u; j < dims.output.y; j++) {
        let col = j * dims.stride.y + col_of_tap;
        let inside = (row < vec4u(dims.input.x)) & (col < vec4u(dims.input.y));
        let at = select(vec4u(), (start + row) * dims.input.y + col, inside);
        let window = select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
        sum_0 += dy[at_dy.x] * window;
        if (!DEPTHWISE) {
          sum_1 += dy[at_dy.y] * window;
          sum_2 += dy[at_dy.z] * window;
          sum_3 += dy[at_dy.w] * window;
        }
        at_dy += vec4u(1u);
      }
    }
  }
  let plane = part * dims.channels;
  store(channel, first, plane, sum_0);
  store(channel + 1u, first, plane, sum_1);
  store(channel + 2u, first, plane, sum_2);
  store(channel + 3u, first, plane, sum_3);
}
