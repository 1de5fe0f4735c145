import package::lib::grid::linear_index;
import package::quant::gguf_numbers::Block;
import package::quant::gguf_q4_0::{q4_0_block, q4_0_bytes};
import package::quant::gguf_q8_0::{q8_0_block, q8_0_bytes};

// Blocks of q4_0 or, with BYTES, of q8_0: a half and the codes of 32 numbers. weight: the numbers;
// packed: the blocks one after the other. A block begins or ends inside a word, and two are whole
// words: one invocation makes two.

struct Sizes {
  blocks: u32,
}

@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override BYTES: bool = false;

fn block_at(b: u32) -> Block {
  if (BYTES) {
    return q8_0_block(8u * b);
  }
  return q4_0_block(8u * b);
}

/// Word k of a block's codes.
fn codes(block: Block, k: u32) -> u32 {
  var bytes: vec4u;
  if (BYTES) {
    bytes = q8_0_bytes(block, k);
  } else {
    bytes = q4_0_bytes(block, k);
  }
  return dot(bytes, vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let pair = linear_index(group, groups, lane, 64u);
  if (2u * pair >= sizes.blocks) {
    return;
  }
  let words = select(4u, 8u, BYTES);
  let at = pair * (2u * words + 1u);
  let first = block_at(2u * pair);
  var rest = first.d;
  for (var k = 0u; k < words; k++) {
    let word = codes(first, k);
    packed[at + k] = rest | (word << 16u);
    rest = word >> 16u;
  }
  let middle = at + words;
  if (2u * pair + 1u == sizes.blocks) {
    packed[middle] = rest;
    return;
  }
  let second = block_at(2u * pair + 1u);
  packed[middle] = rest | (second.d << 16u);
  for (var k = 0u; k < words; k++) {
    packed[middle + 1u + k] = codes(second, k);
  }
}
