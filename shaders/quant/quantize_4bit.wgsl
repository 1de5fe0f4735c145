// packed = 4-bit codes of x relative to the absmax of their block, two a byte, the first in the high nibble. x: n elements of STORAGE
// f32, f16 or bf16 (0, 1, 2); absmax: float32 bits of each block; packed: (n + 1) / 2 bytes, the rest of the last word holds zeros'
// codes. One invocation makes a word of 8 codes; 15 comparisons an element.

import package::lib::grid::linear_index;
import package::lib::storage::{word_of, f32_bits_of};
import package::lib::block_scale::{block_scale, relative_to_block};
import package::lib::four_bit::nibble_shift;

struct Sizes {
  n: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> absmax: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override FP4: bool = false;

// Thresholds of src/quant/four-bit-tables.ts, ascending; the last of each is never exceeded.
const NF4_A = vec4f(-0.8480963706970215, -0.6106328964233398, -0.4599952697753906, -0.33967941999435425);
const NF4_B = vec4f(-0.23460739850997925, -0.13791173696517944, -0.045525018125772476, 0.03979014977812767);
const NF4_C = vec4f(0.120255246758461, 0.2035212516784668, 0.2920137643814087, 0.3893125355243683);
const NF4_D = vec4f(0.5016634464263916, 0.6427869200706482, 0.8614784479141235, 9.0);
const FP4_A = vec4f(-0.8333333730697632, -0.5833333730697632, -0.4166666865348816, -0.2916666865348816);
const FP4_B = vec4f(-0.2083333432674408, -0.0859375, -0.0026041667442768812, 0.0);
const FP4_C = vec4f(0.0026041667442768812, 0.0859375, 0.2083333432674408, 0.2916666865348816);
const FP4_D = vec4f(0.4166666865348816, 0.5833333730697632, 0.8333333730697632, 9.0);

// FP4 codes in ascending order of their values, as nibbles from the lowest on: 11 10 13 12 15 14 9 0, then 8 1 6 7 4 5 2 3.
const FP4_LOW = 0x09efcdabu;
const FP4_HIGH = 0x32547618u;

// One where y exceeds a threshold; a value equal to it stays below.
fn above(y: f32, thresholds: vec4f) -> vec4u {
  return select(vec4u(0u), vec4u(1u), vec4f(y) > thresholds);
}

fn code_of(y: f32) -> u32 {
  if (FP4) {
    let counts = above(y, FP4_A) + above(y, FP4_B) + above(y, FP4_C) + above(y, FP4_D);
    let rank = counts.x + counts.y + counts.z + counts.w;
    return (select(FP4_LOW, FP4_HIGH, rank > 7u) >> (4u * (rank & 7u))) & 15u;
  }
  let counts = above(y, NF4_A) + above(y, NF4_B) + above(y, NF4_C) + above(y, NF4_D);
  return counts.x + counts.y + counts.z + counts.w;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, 64u);
  let first = out * 8u;
  if (first >= sizes.n) {
    return;
  }
  let scale = block_scale(absmax[first / sizes.block]);
  var word = 0u;
  for (var i = first; i < first + 8u; i++) {
    var y = 0.0;
    if (i < sizes.n) {
      y = relative_to_block(f32_bits_of(x[word_of(i, STORAGE)], i, STORAGE), scale);
    }
    word |= code_of(y) << nibble_shift(i);
  }
  packed[out] = word;
}
