import package::lib::grid::linear_index;
import package::lib::whole::whole_bits;
import package::quant::linear_scale::{four_scale_indices, integer_of, Scales, scale_index};

// q = round(x / scale) + zero_point, ties to even, between `low` and `high`. x: floats; scale:
// floats, and zero_point: codes, as Scales has them; q: codes of BITS bits, one after the other. One
// invocation makes WORDS words of codes; what fills the last one up is 0.

struct Range {
  scales: Scales,
  @align(16) low: f32,
  high: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> zero_point: array<u32>;
@group(0) @binding(3) var<storage, read_write> q: array<u32>;
@group(0) @binding(4) var<uniform> range: Range;

override HAS_ZERO_POINT: bool = false;
override BITS: u32 = 8u;
override SIGNED: bool = false;
// Whether all codes of an invocation have one scale, or scales side by side: to find one takes
// longer than to use it.
override SHARED: bool = false;
override ADJACENT: bool = false;
override WORDS: u32 = 1u;

/// What elements are divided by, and what is added then.
struct Lines {
  scales: vec4f,
  zeros: vec4f,
}

fn zero_of(at: u32) -> f32 {
  return f32(integer_of(zero_point[at * BITS / 32u], at, BITS, SIGNED));
}

fn shared_line(at: u32) -> Lines {
  if (HAS_ZERO_POINT) {
    return Lines(vec4f(scale[at]), vec4f(zero_of(at)));
  }
  return Lines(vec4f(scale[at]), vec4f());
}

fn lines_of(at: vec4u) -> Lines {
  let scales = vec4f(scale[at.x], scale[at.y], scale[at.z], scale[at.w]);
  if (HAS_ZERO_POINT) {
    return Lines(scales, vec4f(zero_of(at.x), zero_of(at.y), zero_of(at.z), zero_of(at.w)));
  }
  return Lines(scales, vec4f());
}

/// Lines of elements i to i + 3, where element `begin` has the scale `first`, and `shared_by_all` is
/// its line.
fn lines_from(i: u32, begin: u32, first: u32, shared_by_all: Lines) -> Lines {
  if (SHARED) {
    return shared_by_all;
  }
  return lines_of(four_scale_indices(i, begin, first, ADJACENT, range.scales));
}

/// Codes of elements i to i + 3, side by side, which have these lines; those past the last are 0.
fn four_codes(i: u32, lines: Lines) -> u32 {
  let at = i + vec4u(0u, 1u, 2u, 3u);
  let quotients = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]) / lines.scales;
  let levels = round(quotients) + lines.zeros;
  let bits = whole_bits(clamp(levels, vec4f(range.low), vec4f(range.high)));
  let codes = select(vec4u(), bits & vec4u((1u << BITS) - 1u), at < vec4u(range.scales.count));
  return dot(codes, vec4u(1u, 1u << BITS, 1u << (2u * BITS), 1u << (3u * BITS)));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let w = WORDS * linear_index(group, groups, lane, 64u);
  let each = 32u / BITS;
  let begin = min(each * w, range.scales.count - 1u);
  let first = scale_index(begin, range.scales);
  let line = shared_line(first);
  for (var k = w; k < w + WORDS; k++) {
    let i = each * k;
    if (i < range.scales.count) {
      var word = four_codes(i, lines_from(i, begin, first, line));
      if (BITS == 4u) {
        word |= four_codes(i + 4u, lines_from(i + 4u, begin, first, line)) << 16u;
      }
      q[k] = word;
    }
  }
}
