import package::lib::grid::linear_index;
import package::quant::linear_scale::{integer_of, Scales, scale_index};

// q = round(x / scale) + zero_point, ties to even, between `low` and `high`. x: floats; scale:
// floats, and zero_point: codes, as Scales has them; q: codes of BITS bits, one after the other. One
// invocation makes a word of codes; what fills the last one up is 0.

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

fn code_of(i: u32) -> u32 {
  let at = scale_index(i, range.scales);
  var level = round(x[i] / scale[at]);
  if (HAS_ZERO_POINT) {
    level += f32(integer_of(zero_point[at * BITS / 32u], at, BITS, SIGNED));
  }
  return extractBits(u32(i32(clamp(level, range.low, range.high))), 0u, BITS);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let w = linear_index(group, groups, lane, 64u);
  let first = 32u / BITS * w;
  if (first >= range.scales.count) {
    return;
  }
  var word = 0u;
  for (var k = 0u; k < min(range.scales.count - first, 32u / BITS); k++) {
    word |= code_of(first + k) << (BITS * k);
  }
  q[w] = word;
}
