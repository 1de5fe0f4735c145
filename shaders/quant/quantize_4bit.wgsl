// packed = 4-bit codes of x relative to the absmax of their block, two a byte, the first in the
// high nibble. x: n elements of STORAGE f32, f16 or bf16 (0, 1, 2); absmax: float32 bits of each
// block; packed: (n + 1) / 2 bytes, the rest of the last word holds zeros' codes. One invocation
// makes a word of 8 codes; 15 comparisons an element.

import package::lib::grid::linear_index;
import package::lib::storage::{word_of, f32_bits_of};
import package::lib::block_scale::{block_scale, relative_to_block};
import package::lib::four_bit::nibble_shift;
import package::quant::fp4::fp4_code;
import package::quant::nf4::nf4_code;

struct Sizes {
  n: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> absmax: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override TABLE: u32 = 0u;

fn code_of(y: f32) -> u32 {
  if (TABLE == 1u) {
    return fp4_code(y);
  }
  return nf4_code(y);
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
