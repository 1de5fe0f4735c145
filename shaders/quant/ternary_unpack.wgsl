// trits[i] = code i - 1. packed: two bits a code, four a byte; trits: n signed bytes. HIGH: the
// first trit of a byte is in bits 6-7, else in bits 0-1. One invocation unpacks a byte into a word.

import package::lib::grid::{ MANY, linear_index };
import package::quant::ternary::{in_low_order, trit_at};

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read_write> trits: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override HIGH: bool = false;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, MANY);
  if (out * 4u >= sizes.n) {
    return;
  }
  let byte = in_low_order(packed[out / 4u], HIGH) >> (8u * (out & 3u));
  var word = 0u;
  for (var k = 0u; k < 4u; k++) {
    word |= (bitcast<u32>(trit_at(byte, 2u * k)) & 255u) << (8u * k);
  }
  trits[out] = word;
}
