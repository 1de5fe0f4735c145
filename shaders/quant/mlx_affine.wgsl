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
// Whether groups are of 64, which an invocation holds.
override HELD: bool = false;

// A narrower range is taken for this one.
const LEAST_STEP = 1e-7;

struct Line {
  scale: f32,
  bias: f32,
}

/// 32 numbers, in eight fours.
struct Numbers {
  a: vec4f, b: vec4f, c: vec4f, d: vec4f, e: vec4f, f: vec4f, g: vec4f, h: vec4f,
}

/// The eight fours from `i` on.
fn numbers_at(i: u32) -> Numbers {
  return Numbers(
    weight[i], weight[i + 1u], weight[i + 2u], weight[i + 3u],
    weight[i + 4u], weight[i + 5u], weight[i + 6u], weight[i + 7u],
  );
}

fn lows_of(x: Numbers) -> vec4f {
  return min(min(min(x.a, x.b), min(x.c, x.d)), min(min(x.e, x.f), min(x.g, x.h)));
}

fn highs_of(x: Numbers) -> vec4f {
  return max(max(max(x.a, x.b), max(x.c, x.d)), max(max(x.e, x.f), max(x.g, x.h)));
}

/// What codes of a group are relative to. Its lowest number is among the four of `low`, its highest
/// among those of `high`; `top` is the highest code.
fn line_of(low: vec4f, high: vec4f, top: f32) -> Line {
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

/// With the codes of `x` behind, which is decoded at `i`; a word that is full is stored.
fn with_four(stream: Stream, x: vec4f, i: u32, line: Line, stored: vec2f) -> Stream {
  let top = (1u << BITS) - 1u;
  let codes = clamp(round((x - line.bias) / line.scale), vec4f(), vec4f(f32(top)));
  dequant[i] = held(held(codes * stored.x, STORAGE) + stored.y, STORAGE);
  let four = side_by_side(whole_bits(codes) & vec4u(top), BITS);
  if (fills(stream, 4u * BITS)) {
    packed[stream.out] = word_with(stream, four);
  }
  return behind(stream, four, 4u * BITS);
}

/// Stores the codes of the 32 numbers from four `i` on, which are BITS words, and what they decode to.
fn store(x: Numbers, i: u32, line: Line, stored: vec2f) {
  // Not a loop, which costs a processor as much as the codes: where each four lies is known so.
  var stream = Stream(0u, 0u, i / 8u * BITS);
  stream = with_four(stream, x.a, i, line, stored);
  stream = with_four(stream, x.b, i + 1u, line, stored);
  stream = with_four(stream, x.c, i + 2u, line, stored);
  stream = with_four(stream, x.d, i + 3u, line, stored);
  stream = with_four(stream, x.e, i + 4u, line, stored);
  stream = with_four(stream, x.f, i + 5u, line, stored);
  stream = with_four(stream, x.g, i + 6u, line, stored);
  stream = with_four(stream, x.h, i + 7u, line, stored);
}

/// Stores the line of group `g`, and gives it as it is stored.
fn store_line(g: u32, line: Line) -> vec2f {
  let stored = held(vec4f(line.scale, line.bias, 0.0, 0.0), STORAGE).xy;
  scales[g] = stored.x;
  biases[g] = stored.y;
  return stored;
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
  let top = f32((1u << BITS) - 1u);
  let first = g * sizes.fours;
  let x = numbers_at(first);
  if (HELD) {
    let y = numbers_at(first + 8u);
    let line = line_of(min(lows_of(x), lows_of(y)), max(highs_of(x), highs_of(y)), top);
    let stored = store_line(g, line);
    store(x, first, line, stored);
    store(y, first + 8u, line, stored);
    return;
  }
  var low = lows_of(x);
  var high = highs_of(x);
  for (var i = first + 8u; i < first + sizes.fours; i += 8u) {
    let more = numbers_at(i);
    low = min(low, lows_of(more));
    high = max(high, highs_of(more));
  }
  let line = line_of(low, high, top);
  let stored = store_line(g, line);
  for (var i = first; i < first + sizes.fours; i += 8u) {
    store(numbers_at(i), i, line, stored);
  }
}
