// packed = codes trit + 1 of two bits, four a byte; the rest of the last word holds zeros (code 1).
// trits: n signed bytes; packed: (n + 3) / 4 bytes. HIGH: the first trit of a byte is in bits 6-7,
// else in bits 0-1. One invocation packs 16 trits into a word.

import package::lib::grid::linear_index;
import package::quant::ternary::in_low_order;

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> trits: array<u32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override HIGH: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, 64u);
  let first = out * 16u;
  if (first >= sizes.n) {
    return;
  }
  var word = 0x55555555u;
  for (var k = 0u; k < 16u && first + k < sizes.n; k++) {
    let i = first + k;
    let trit = (trits[i / 4u] >> (8u * (i & 3u))) & 3u; // two's complement of -1 ends in 11
    word = insertBits(word, (trit + 1u) & 3u, 2u * k, 2u);
  }
  packed[out] = in_low_order(word, HIGH);
}
