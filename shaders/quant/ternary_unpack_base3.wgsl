// trits[i] = digit i - 1. packed: five digits to base 3 a byte, the first the lowest; trits: n signed
// bytes. One invocation unpacks four digits into a word.

import package::lib::grid::{ MANY, linear_index };
import package::quant::ternary::{ four_digits, shares_of };

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read_write> trits: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

fn byte_at(i: u32) -> u32 {
  return (packed[i / 4u] >> (8u * (i & 3u))) & 255u;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, MANY);
  let first = out * 4u;
  if (first >= sizes.n) {
    return;
  }
  let at = first / 5u;
  let share = shares_of(vec4u(first % 5u)).x;
  let digits = four_digits(byte_at(at), byte_at(at + 1u), share);
  let bytes = bitcast<vec4u>(vec4i(digits) - vec4i(1)) & vec4u(255u);
  trits[out] = bytes.x | (bytes.y << 8u) | (bytes.z << 16u) | (bytes.w << 24u);
}
