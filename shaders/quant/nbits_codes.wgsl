import package::lib::code_stream::{ behind, fills, side_by_side, Stream, word_with };
import package::lib::grid::linear_index;
import package::lib::storage::held;
import package::lib::whole::{ half_up, whole_bits };

// Rows of a weight in blocks of consecutive elements, the last of a row perhaps short, as ONNX Runtime
// quantizes them for MatMulNBits. The scale of a block: the length of its range, which has 0 in it, over
// the highest code; or, where SYMMETRIC, its number of the largest magnitude over the middle code, with
// the other sign. Codes of BITS bits: numbers over the scale plus a zero point, rounded half away from
// zero, between 0 and the highest code, one after the other from the lowest bit of a row's first word
// up; what fills a last block up is 0. weight: floats; scales: one a block; steps: what numbers of the
// block are multiplied by, and the zero point. Codes of a weight in f16 (HALF) are by the scale as a
// half. One invocation makes a block, which spares it all but one search for the place of its numbers.

struct Sizes {
  blocks: u32, // of all rows
  per_row: u32, // blocks
  cols: u32,
  block: u32, // elements
  // The highest code. Not a constant, whose quotients may be products with an inverse.
  top: f32,
}

// Loads of four elements cost as much as one of a vec4, wherever rows begin.
@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> scales: array<f32>;
@group(0) @binding(2) var<storage, read_write> steps: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> packed: array<u32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;
override SYMMETRIC: bool = false;
override HALF: bool = false;
// Whether rows are whole blocks.
override FULL: bool = false;
// Whether these are of 32 elements, which an invocation holds.
override HELD: bool = false;

// Smaller scales may be flushed; a division by them may overflow.
const LEAST = 1.1754943508222875e-38;

struct Sixteen {
  a: vec4f, b: vec4f, c: vec4f, d: vec4f,
}

fn sixteen_at(i: u32, end: u32) -> Sixteen {
  return Sixteen(four_at(i, end), four_at(i + 4u, end), four_at(i + 8u, end), four_at(i + 12u, end));
}

/// Elements i to i + 3 of a block; those past its end are 0.
fn four_at(i: u32, end: u32) -> vec4f {
  let four = vec4f(weight[i], weight[i + 1u], weight[i + 2u], weight[i + 3u]);
  return select(vec4f(), four, before(i, end));
}

/// Which of elements i to i + 3 are before the end of a block.
fn before(i: u32, end: u32) -> vec4<bool> {
  if (FULL) {
    return vec4<bool>(true);
  }
  return i + vec4u(0u, 1u, 2u, 3u) < vec4u(end);
}

fn lows_of(x: Sixteen) -> vec4f {
  return min(min(x.a, x.b), min(x.c, x.d));
}

fn highs_of(x: Sixteen) -> vec4f {
  return max(max(x.a, x.b), max(x.c, x.d));
}

/// Stores the scale of block `b`, whose lowest number is among `lows` and its highest among `highs`,
/// and gives what they are multiplied by, and their zero point.
fn step_of(b: u32, lows: vec4f, highs: vec4f) -> vec2f {
  let low = min(min(lows.x, lows.y), min(lows.z, lows.w));
  let high = max(max(highs.x, highs.y), max(highs.z, highs.w));
  let middle = f32(1u << (BITS - 1u));
  var scale: f32;
  var zero = middle;
  if (SYMMETRIC) {
    scale = select(low, high, high > -low) / -middle;
  } else {
    scale = (high - low) / sizes.top;
    zero = half_up(vec4f(clamp(-low / max(scale, LEAST), 0.0, sizes.top))).x;
  }
  if (HALF) {
    scale = held(vec4f(scale), 1u).x;
  }
  let step = vec2f(select(0.0, 1.0 / scale, abs(scale) >= LEAST), zero);
  scales[b] = scale;
  steps[b] = step;
  return step;
}

/// With the codes of four elements from `i` on behind; a word that is full is stored.
fn with_four(stream: Stream, four: vec4f, i: u32, end: u32, step: vec2f) -> Stream {
  let top = (1u << BITS) - 1u;
  let codes = half_up(clamp(four * step.x + step.y, vec4f(), vec4f(f32(top))));
  let bits = select(vec4u(), whole_bits(codes) & vec4u(top), before(i, end));
  let joined = side_by_side(bits, BITS);
  if (fills(stream, 4u * BITS)) {
    packed[stream.out] = word_with(stream, joined);
  }
  return behind(stream, joined, 4u * BITS);
}

/// Stores the codes of the elements from `i` on, which are whole words from `out` on.
fn store(x: Sixteen, i: u32, end: u32, step: vec2f, out: u32) {
  var stream = Stream(0u, 0u, out);
  stream = with_four(stream, x.a, i, end, step);
  stream = with_four(stream, x.b, i + 4u, end, step);
  stream = with_four(stream, x.c, i + 8u, end, step);
  stream = with_four(stream, x.d, i + 12u, end, step);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_index(group, groups, lane, 64u);
  if (b >= sizes.blocks) {
    return;
  }
  let words = BITS / 2u; // of 16 codes
  let out = b * (sizes.block / 16u) * words;
  let row = b / sizes.per_row;
  let place = (b - row * sizes.per_row) * sizes.block;
  let first = row * sizes.cols + place;
  let end = row * sizes.cols + min(place + sizes.block, sizes.cols);
  if (HELD) {
    let x = sixteen_at(first, end);
    let y = sixteen_at(first + 16u, end);
    let lows = min(vec4f(), min(lows_of(x), lows_of(y)));
    let step = step_of(b, lows, max(vec4f(), max(highs_of(x), highs_of(y))));
    store(x, first, end, step, out);
    store(y, first + 16u, end, step, out + words);
    return;
  }
  var lows = vec4f();
  var highs = vec4f();
  for (var i = first; i < end; i += 16u) {
    let x = sixteen_at(i, end);
    lows = min(lows, lows_of(x));
    highs = max(highs, highs_of(x));
  }
  let step = step_of(b, lows, highs);
  for (var k = 0u; k < sizes.block / 16u; k++) {
    let i = first + 16u * k;
    store(sixteen_at(i, end), i, end, step, out + k * words);
  }
}
