import package::lib::grid::linear_index;
import package::lib::whole::whole_bits;
import package::quant::linear_scale::{integer_of, Scales, scale_index};

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
// Whether all codes of an invocation share a scale: to find it takes longer than to use it.
override SHARED: bool = false;
override WORDS: u32 = 1u;

/// What elements are divided by, and what is added then.
struct Line {
  scale: f32,
  zero: f32,
}

fn line_of(i: u32) -> Line {
  let at = scale_index(i, range.scales);
  if (HAS_ZERO_POINT) {
    return Line(scale[at], f32(integer_of(zero_point[at * BITS / 32u], at, BITS, SIGNED)));
  }
  return Line(scale[at], 0.0);
}

/// Codes of elements i to i + 3, side by side; those past the last are 0.
fn four_codes(i: u32, shared_line: Line) -> u32 {
  let at = i + vec4u(0u, 1u, 2u, 3u);
  var scales = vec4f(shared_line.scale);
  var zeros = vec4f(shared_line.zero);
  if (!SHARED) {
    let a = line_of(at.x);
    let b = line_of(at.y);
    let c = line_of(at.z);
    let d = line_of(at.w);
    scales = vec4f(a.scale, b.scale, c.scale, d.scale);
    zeros = vec4f(a.zero, b.zero, c.zero, d.zero);
  }
  let quotients = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]) / scales;
  let levels = round(quotients) + zeros;
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
  let line = line_of(min(each * w, range.scales.count - 1u));
  for (var k = w; k < w + WORDS; k++) {
    let first = each * k;
    if (first < range.scales.count) {
      var word = four_codes(first, line);
      if (BITS == 4u) {
        word |= four_codes(first + 4u, line) << 16u;
      }
      q[k] = word;
    }
  }
}
