// codes[i]: the i-th code of BITS bits, as a byte. In a STREAM codes follow each other from the lowest
// bit of the first word up. Else unit k of the `units` bytes, or with WIDE words, holds codes k,
// k + units, k + 2 units, ... side by side, the first in the highest bits with HIGH, in the lowest
// without. codes: n bytes; what fills the last word up is not of the result. One invocation makes a
// word of four codes.

import package::lib::grid::{ MANY, linear_index };

struct Sizes {
  n: u32,
  units: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read_write> codes: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;
override STREAM: bool = false;
override WIDE: bool = false;
override HIGH: bool = false;

// Four codes of a stream: they take 32 bits at most, of one word or two.
fn of_stream(first: u32) -> u32 {
  let bit = first * BITS;
  let shift = bit % 32u;
  var word = packed[bit / 32u] >> shift;
  if (shift + 4u * BITS > 32u) {
    word |= packed[bit / 32u + 1u] << (32u - shift);
  }
  return word;
}

fn of_unit(i: u32) -> u32 {
  let slice = i / sizes.units;
  let unit = i % sizes.units;
  let slices = select(8u, 32u, WIDE) / BITS;
  let place = select(slice, slices - 1u - slice, HIGH);
  let word = select(packed[unit / 4u] >> (8u * (unit & 3u)), packed[unit], WIDE);
  return word >> (BITS * place);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, MANY);
  let first = 4u * w;
  if (first >= sizes.n) {
    return;
  }
  var word = 0u;
  let stream = of_stream(first); // of slices nothing
  for (var k = 0u; k < min(sizes.n - first, 4u); k++) {
    var code = stream >> (BITS * k);
    if (!STREAM) {
      code = of_unit(first + k);
    }
    word |= extractBits(code, 0u, BITS) << (8u * k);
  }
  codes[w] = word;
}
