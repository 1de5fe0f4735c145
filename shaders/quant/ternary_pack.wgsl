// packed = codes trit + 1 of two bits, four a byte; the rest of the last word holds zeros (code 1).
// trits: n signed bytes; packed: (n + 3) / 4 bytes. HIGH: the first trit of a byte is in bits 6-7,
// else in bits 0-1. One invocation packs 16 trits into a word.

import package::lib::fours::inside;
import package::lib::grid::linear_index;
import package::quant::ternary::in_low_order;

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> trits: array<u32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override HIGH: bool = false;

/// A byte of codes, of the word of trits `w`.
fn byte_of(w: u32) -> u32 {
  let masks = select(vec4u(), vec4u(3u, 3u << 8u, 3u << 16u, 3u << 24u), inside(w, sizes.n));
  // Two's complement of -1 ends in 11: one more is a code.
  let four = trits[w] & (masks.x | masks.y | masks.z | masks.w);
  let codes = (four + 0x01010101u) & 0x03030303u;
  return (codes | (codes >> 6u) | (codes >> 12u) | (codes >> 18u)) & 255u;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, 64u);
  let w = out * 4u;
  if (4u * w >= sizes.n) {
    return;
  }
  let word = byte_of(w) | (byte_of(w + 1u) << 8u) | (byte_of(w + 2u) << 16u) | (byte_of(w + 3u) << 24u);
  packed[out] = in_low_order(word, HIGH);
}
