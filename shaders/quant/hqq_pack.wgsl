// packed[i] = codes i, i + count, i + 2 count, ... side by side, the first in the highest bits, as
// many of BITS bits as there are SLICES; codes past the last are 0. unpacked: `codes` bytes, and zeros
// to the end of the last word; packed: `count` bytes, or with WIDE whole words. One invocation packs
// four, and reads words of codes.

import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

struct Sizes {
  codes: u32,
  count: u32,
}

@group(0) @binding(0) var<storage, read> unpacked: array<u32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override BITS: u32 = 8u;
override SLICES: u32 = 1u;
override WIDE: bool = false;

// Four codes; those past the last are 0.
fn word_of(k: u32) -> u32 {
  return select(0u, unpacked[k], 4u * k < sizes.codes);
}

// Codes i to i + 3, a byte each: of two words where they lie in two.
fn four_codes(i: u32) -> u32 {
  let bit = 8u * (i & 3u);
  let rest = select(0u, word_of(i / 4u + 1u) << (32u - bit), bit != 0u);
  return (word_of(i / 4u) >> bit) | rest;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, MANY);
  let first = 4u * w;
  if (first >= sizes.count) {
    return;
  }
  var words = vec4u();
  for (var k = 0u; k < SLICES; k++) {
    let codes = four_codes(k * sizes.count + first);
    let shift = BITS * (SLICES - 1u - k);
    if (WIDE) {
      words |= ((vec4u(codes) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u)) << vec4u(shift);
    } else {
      words.x |= codes << shift;
    }
  }
  if (!WIDE) {
    packed[w] = words.x;
    return;
  }
  for (var i = first; i < end_of(first, sizes.count); i++) {
    packed[i] = words[i - first];
  }
}
