// packed = codes of x relative to the absmax of their block, in the number format that the kernel is
// linked for. x: n elements of STORAGE f32, f16 or bf16 (0, 1, 2); absmax: float32 bits of each
// block; packed: n codes, the rest of the last word holds zeros' codes. One invocation makes a word.

import package::format::{ BITS, encode, in_order };
import package::lib::block_scale::{ block_scale, relative_to_block };
import package::lib::grid::linear_index;
import package::lib::storage::{word_of, f32_bits_of};

struct Sizes {
  n: u32,
  block: u32,
  words: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> absmax: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, 64u);
  if (out >= sizes.words) {
    return;
  }
  let start = out / BITS * 32u;  // the first of 32 codes, which are BITS words
  let before = out % BITS * 32u; // bits in those of them that stand before this one
  let after = before + 32u;
  var word = 0u;
  var bit = before / BITS * BITS; // a code may begin in the word before
  while (bit < after) {
    let first = start + bit / BITS;
    let block = first / sizes.block;
    let scale = block_scale(absmax[block]); // takes longest: once for all that share it
    let left = (block + 1u) * sizes.block - first;
    let end = min(after, bit + min(left, 32u) * BITS);
    for (var i = first; bit < end; i++) {
      var y = 0.0;
      if (i < sizes.n) {
        y = relative_to_block(f32_bits_of(x[word_of(i, STORAGE)], i, STORAGE), scale);
      }
      let code = encode(y);
      word |= select(code << (bit - before), code >> (before - bit), bit < before);
      bit += BITS;
    }
  }
  packed[out] = in_order(word);
}
