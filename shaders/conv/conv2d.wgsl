import package::lib::grid::linear_index;

// y = the 2-D convolution of x with weight (+ bias), or, TRANSPOSED, of a gradient of y the
// gradient of x; float32, zeros around x. x: [batch, groups * terms, input]; y: [batch, groups *
// channels, output]; weight by strides; bias: [groups * channels] or none. 2 |y| terms kernel
// flops. Each invocation keeps 4 channels x 4 positions of y in registers.

struct Dims {
  input: vec2u,    // height, width
  output: vec2u,
  kernel: vec2u,
  stride: vec2i,
  pad: vec2i,      // above and to the left
  dilation: vec2i,
  groups: u32,
  channels: u32,   // of y in a group
  terms: u32,      // channels of x in a group
  w_channel: u32,  // strides of weight in elements
  w_term: u32,
  has_bias: u32,
  tiles: u32,      // tiles of four positions in an image
  blocks: u32,     // blocks of four channels in a group
  count: u32,      // tiles of all of y
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read> bias: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

// Whether a group has one channel only: of the four that share what is read, one is stored.
override DEPTHWISE: bool = false;
override TRANSPOSED: bool = false;

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Coordinates in x that element k of the window meets when it computes those of y; negative ones,
// as between elements, are outside.
fn source(at: vec4i, k: u32, stride: i32, pad: i32, dilation: i32) -> vec4u {
  if (!TRANSPOSED) {
    return vec4u(at * stride - pad + i32(k) * dilation);
  }
  let scaled = at + pad - i32(k) * dilation;
  return vec4u(select(vec4i(-stride), scaled / stride, scaled % stride == vec4i()));
}

fn store(channel: u32, first: u32, plane: u32, sums: vec4f) {
  let positions = dims.output.x * dims.output.y;
  if (channel < dims.channels) {
    for (var i = 0u; i < 4u && first + i < positions; i++) {
      y[(plane + channel) * positions + first + i] = sums[i];
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
  let image = tile / (dims.tiles * dims.blocks); // of one group of one sample
  let rows = vec4i((first + FOUR) / dims.output.y);
  let cols = vec4i((first + FOUR) % dims.output.y);
  let size = dims.input.x * dims.input.y;
  // Channels past the end read what they find; their sums are not stored.
  let start_w = image % dims.groups * dims.channels * dims.terms * dims.kernel.x * dims.kernel.y + (channel + FOUR) * dims.w_channel;
  let plane = image * dims.channels;
  let of_bias = image % dims.groups * dims.channels + channel + FOUR;
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  for (var i = 0u; i < dims.kernel.x; i++) {
    let row = source(rows, i, dims.stride.x, dims.pad.x, dims.dilation.x);
    for (var j = 0u; j < dims.kernel.y; j++) {
      let col = source(cols, j, dims.stride.y, dims.pad.y, dims.dilation.y);
      let inside = (row < vec4u(dims.input.x)) & (col < vec4u(dims.input.y));
      var at = image * dims.terms * size + select(vec4u(), row * dims.input.y + col, inside);
      var at_w = start_w + i * dims.kernel.y + j;
      for (var t = 0u; t < dims.terms; t++) {
        let window = select(vec4f(), vec4f(x[at.x], x[at.y], x[at.z], x[at.w]), inside);
        sum_0 += weight[at_w.x] * window;
        if (!DEPTHWISE) {
          sum_1 += weight[at_w.y] * window;
          sum_2 += weight[at_w.z] * window;
          sum_3 += weight[at_w.w] * window;
        }
        at += size;
        at_w += dims.w_term;
      }
    }
  }
  if (dims.has_bias != 0u) {
    sum_0 += bias[of_bias.x];
    sum_1 += bias[of_bias.y];
    sum_2 += bias[of_bias.z];
    sum_3 += bias[of_bias.w];
  }
  store(channel, first, plane, sum_0);
  store(channel + 1u, first, plane, sum_1);
  store(channel + 2u, first, plane, sum_2);
  store(channel + 3u, first, plane, sum_3);
}
