import package::lib::code_stream::{behind, fills, side_by_side, Stream, word_with};
import package::lib::grid::linear_index;
import package::lib::storage::held;
import package::lib::whole::whole_bits;

// MLX's affine quantization: codes q of BITS bits, and dequant = q * scale + bias. The end of a
// group's range that is larger by size is met exactly, so that a scale may be negative. weight:
// groups of 4 * fours floats; packed: the codes of a group one after the other from the lowest bit
// of its first word up; scales, biases: floats of each group. The weight is stored as STORAGE f32,
// f16 or bf16 (0, 1, 2), and so are scales, biases and what is decoded by them: they are rounded
// here, each product too. One invocation makes a group.

struct Sizes {
  groups: u32,
  fours: u32,
}

@group(0) @binding(0) var<storage, read> weight: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<storage, read_write> scales: array<f32>;
@group(0) @binding(3) var<storage, read_write> biases: array<f32>;
@group(0) @binding(4) var<storage, read_write> dequant: array<vec4f>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;
override STORAGE: u32 = 0u;

// A narrower range is taken for this one.
const LEAST_STEP = 1e-7;

struct Line {
  scale: f32,
  bias: f32,
}

/// What codes of a group's numbers from `first` on are relative to; `top` is the highest code.
fn line_of(first: u32, top: f32) -> Line {
  var low = weight[first];
  var high = low;
  for (var i = first; i < first + sizes.fours; i += 4u) {
    low = min(low, min(min(weight[i], weight[i + 1u]), min(weight[i + 2u], weight[i + 3u])));
    high = max(high, max(max(weight[i], weight[i + 1u]), max(weight[i + 2u], weight[i + 3u])));
  }
  let lowest = min(min(low.x, low.y), min(low.z, low.w));
  let highest = max(max(high.x, high.y), max(high.z, high.w));
  let step = max((highest - lowest) / top, LEAST_STEP);
  let from_low = abs(lowest) > abs(highest);
  let edge = select(highest, lowest, from_low);
  let scale = select(-step, step, from_low);
  let steps = round(edge / scale);
  if (steps == 0.0) {
    return Line(scale, 0.0);
  }
  return Line(edge / steps, edge);
}

/// With the codes of four `i` behind, which is decoded; a word that is full is stored.
fn with_four(stream: Stream, i: u32, line: Line, stored: vec2f) -> Stream {
  let top = (1u << BITS) - 1u;
  let codes = clamp(round((weight[i] - line.bias) / line.scale), vec4f(), vec4f(f32(top)));
  dequant[i] = held(held(codes * stored.x, STORAGE) + stored.y, STORAGE);
  let four = side_by_side(whole_bits(codes) & vec4u(top), BITS);
  if (fills(stream, 4u * BITS)) {
    packed[stream.out] = word_with(stream, four);
  }
  return behind(stream, four, 4u * BITS);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = linear_index(group, groups, lane, 64u);
  if (g >= sizes.groups) {
    return;
  }
  let first = g * sizes.fours;
  let line = line_of(first, f32((1u << BITS) - 1u));
  let stored = held(vec4f(line.scale, line.bias, 0.0, 0.0), STORAGE).xy;
  scales[g] = stored.x;
  biases[g] = stored.y;
  // 32 codes are BITS words: where each four of them lies is known, unlike in a loop of one.
  for (var i = first; i < first + sizes.fours; i += 8u) {
    var stream = Stream(0u, 0u, i / 8u * BITS);
    stream = with_four(stream, i, line, stored);
    stream = with_four(stream, i + 1u, line, stored);
    stream = with_four(stream, i + 2u, line, stored);
    stream = with_four(stream, i + 3u, line, stored);
    stream = with_four(stream, i + 4u, line, stored);
    stream = with_four(stream, i + 5u, line, stored);
    stream = with_four(stream, i + 6u, line, stored);
    stream = with_four(stream, i + 7u, line, stored);
  }
}
