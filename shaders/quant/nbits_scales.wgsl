import package::lib::grid::linear_index;
import package::lib::storage::held;
import package::lib::whole::half_up;
import package::quant::nbits_rows::{ four_at, Rows, span_of };

// The scale of each block: the length of its range, which has 0 in it, over the highest code; or, where
// SYMMETRIC, its number of the largest magnitude over the middle code, with the other sign. weight:
// floats; scales: one a block; steps: what numbers of the block are multiplied by, and the zero point
// that is added. Codes of a weight in f16 (HALF) are by the scale as a half. One invocation makes a
// block.

struct Sizes {
  rows: Rows,
  // The highest code. Not a constant, whose quotients may be products with an inverse.
  @align(16) top: f32,
}

@group(0) @binding(1) var<storage, read_write> scales: array<f32>;
@group(0) @binding(2) var<storage, read_write> steps: array<vec2f>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;
override SYMMETRIC: bool = false;
override HALF: bool = false;

// Smaller scales may be flushed; a division by them may overflow.
const LEAST = 1.1754943508222875e-38;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let rows = sizes.rows;
  let b = linear_index(group, groups, lane, 64u);
  if (b >= rows.blocks) {
    return;
  }
  let span = span_of(b, rows);
  var lows = vec4f();
  var highs = vec4f();
  for (var i = span.first; i < span.end; i += 16u) {
    let a = four_at(i, span.end);
    let b = four_at(i + 4u, span.end);
    let c = four_at(i + 8u, span.end);
    let d = four_at(i + 12u, span.end);
    lows = min(lows, min(min(a, b), min(c, d)));
    highs = max(highs, max(max(a, b), max(c, d)));
  }
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
  scales[b] = scale;
  steps[b] = vec2f(select(0.0, 1.0 / scale, abs(scale) >= LEAST), zero);
}
