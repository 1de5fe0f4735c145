import package::lib::grid::linear_index;

// found[0]: how many elements of x are not finite, or of a rank below `low` or above `high`;
// found[1]: the least index of one. Exponents and ranks are whole numbers, since compilers may take
// for granted that floats are finite. x: [count] words; found: [2], set by the host to 0 and 2^32 -
// 1.

struct Range {
  count: u32,
  low: u32,
  high: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> found: array<atomic<u32>, 2>;
@group(0) @binding(2) var<uniform> range: Range;

const MAGNITUDE = 0x7fffffffu;
const EXPONENT = 0x7f800000u;
const SIGN = 0x80000000u;

// Whole numbers in the order of the floats that the words are; both zeros are one.
fn rank(word: u32) -> u32 {
  let size = word & MAGNITUDE;
  return select(SIGN + size, SIGN - size, (word & SIGN) != 0u);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= range.count) {
    return;
  }
  let at = rank(x[i]);
  if ((x[i] & EXPONENT) == EXPONENT || at < range.low || at > range.high) {
    atomicAdd(&found[0], 1u);
    atomicMin(&found[1], i);
  }
}
