import package::lib::grid::{ MANY, linear_index };

// Codes of BITS bits, 4 or 2, 8 / BITS a byte: those that stand `span` apart, the first in the lowest
// bits. codes: count bytes, and zeros after them; packed: span bytes. One invocation makes a word;
// what fills the last one up is not of the result.

struct Sizes {
  count: u32,
  span: u32,
}

@group(0) @binding(0) var<storage, read> codes: array<u32>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;
// Whether spans are whole words, and no code is missing.
override ALIGNED: bool = false;

/// Codes `first` to first + 3, a byte each; those past the end are zero.
fn four_codes(first: u32) -> u32 {
  if (ALIGNED) {
    return codes[first / 4u];
  }
  let shift = first % 4u * 8u;
  let left = 8u * (max(first, sizes.count) - first);
  var word = codes[first / 4u] >> shift;
  if (shift + left > 32u && shift > 0u) {
    word |= codes[first / 4u + 1u] << (32u - shift);
  }
  return extractBits(word, 0u, min(left, 32u));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let w = linear_index(group, groups, lane, MANY);
  if (4u * w >= sizes.span) {
    return;
  }
  var word = four_codes(4u * w) | (four_codes(4u * w + sizes.span) << BITS);
  if (BITS == 2u) {
    word |= four_codes(4u * w + 2u * sizes.span) << 4u;
    word |= four_codes(4u * w + 3u * sizes.span) << 6u;
  }
  packed[w] = word;
}
