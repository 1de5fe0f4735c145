// packed = five trits a byte, the digits trit + 1 of a number to base 3, the first the lowest; the rest
// of the last word holds zeros (digits 1). trits: n signed bytes; packed: (n + 4) / 5 bytes. One
// invocation packs 20 trits into a word.

import package::lib::grid::linear_index;

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> trits: array<u32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

fn digit_of(i: u32) -> u32 {
  // Two's complement of -1 ends in 11: one more is a digit.
  let digit = ((trits[i / 4u] >> (8u * (i & 3u))) + 1u) & 3u;
  return select(1u, digit, i < sizes.n);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, 64u);
  let first = out * 20u;
  if (first >= sizes.n) {
    return;
  }
  var word = 0u;
  for (var b = 0u; b < 4u; b++) {
    var byte = 0u;
    for (var k = 5u; k > 0u; k--) {
      byte = 3u * byte + digit_of(first + 5u * b + k - 1u);
    }
    word |= byte << (8u * b);
  }
  packed[out] = word;
}
