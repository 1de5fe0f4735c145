// y[i]: the number that a code of a sign, EXPONENTS bits of an exponent and FRACTION bits of a
// fraction stands for, less the exponent's BIAS; without fraction bits there is neither sign nor zero,
// and a code is the exponent of a power of two. It is made of its bits, and exact. codes: n bytes. One
// invocation turns a word of four codes into four floats.

import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> codes: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override EXPONENTS: u32 = 2u;
override FRACTION: u32 = 1u;
override BIAS: u32 = 1u;

fn value(code: u32) -> f32 {
  if (FRACTION == 0u) {
    // The smallest power of two is a denormal: half of the smallest normal number.
    return select(bitcast<f32>(code << 23u), bitcast<f32>(1u << 22u), code == 0u);
  }
  let exponent = extractBits(code, FRACTION, EXPONENTS);
  let fraction = extractBits(code, 0u, FRACTION);
  // With the exponent 0 the fraction counts steps of 2^(1 - BIAS - FRACTION).
  let step = bitcast<f32>((128u - BIAS - FRACTION) << 23u);
  let whole = bitcast<f32>(((exponent + 127u - BIAS) << 23u) | (fraction << (23u - FRACTION)));
  let magnitude = select(whole, f32(fraction) * step, exponent == 0u);
  let sign = extractBits(code, EXPONENTS + FRACTION, 1u);
  return select(magnitude, -magnitude, sign == 1u);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, MANY);
  let first = 4u * w;
  let word = codes[w]; // past the end it is of nothing
  for (var i = first; i < end_of(first, sizes.n); i++) {
    y[i] = value((word >> (8u * (i - first))) & 255u);
  }
}
