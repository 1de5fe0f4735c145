import package::lib::code_stream::{ behind, fills, side_by_side, Stream, word_with };
import package::lib::grid::linear_index;
import package::lib::whole::{ half_up, whole_bits };
import package::quant::nbits_rows::{ four_at, Rows, span_of };

// Codes of BITS bits of a weight's rows, one after the other from the lowest bit of a row's first word
// up: numbers times the first step of their block plus the second, a zero point, rounded half away from
// zero, between 0 and the highest code; what fills a last block up is 0. weight, steps: floats. One
// invocation makes a block, which spares it all but one search for the place of its numbers.

@group(0) @binding(1) var<storage, read> steps: array<vec2f>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<uniform> rows: Rows;

override BITS: u32 = 4u;

/// With the codes of elements i to i + 3 of a block behind; a word that is full is stored.
fn with_four(stream: Stream, i: u32, end: u32, step: vec2f) -> Stream {
  let top = (1u << BITS) - 1u;
  let four = four_at(i, end);
  let codes = half_up(clamp(four * step.x + step.y, vec4f(), vec4f(f32(top))));
  let inside = i + vec4u(0u, 1u, 2u, 3u) < vec4u(end);
  let bits = select(vec4u(), whole_bits(codes) & vec4u(top), inside);
  let joined = side_by_side(bits, BITS);
  if (fills(stream, 4u * BITS)) {
    packed[stream.out] = word_with(stream, joined);
  }
  return behind(stream, joined, 4u * BITS);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let b = linear_index(group, groups, lane, 64u);
  if (b >= rows.blocks) {
    return;
  }
  let span = span_of(b, rows);
  let step = steps[b];
  for (var k = 0u; k < rows.block; k += 16u) { // 16 codes are whole words
    let i = span.first + k;
    var stream = Stream(0u, 0u, (b * rows.block + k) / 16u * BITS / 2u);
    stream = with_four(stream, i, span.end, step);
    stream = with_four(stream, i + 4u, span.end, step);
    stream = with_four(stream, i + 8u, span.end, step);
    stream = with_four(stream, i + 12u, span.end, step);
  }
}
