import package::lib::grid::linear_index;
import package::quant::gguf_numbers::{Block, numbers_at};
import package::quant::gguf_q4_0::q4_0_block;
import package::quant::gguf_q8_0::q8_0_block;

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
    return q8_0_block(numbers_at(8u * b));
  }
  return q4_0_block(numbers_at(8u * b));
}

/// Stores four words of codes behind two bytes that are in word `at` already, and returns the last two.
fn store_behind(at: u32, two: u32, words: vec4u) -> u32 {
  packed[at] = two | (words.x << 16u);
  packed[at + 1u] = (words.x >> 16u) | (words.y << 16u);
  packed[at + 2u] = (words.y >> 16u) | (words.z << 16u);
  packed[at + 3u] = (words.z >> 16u) | (words.w << 16u);
  return words.w >> 16u;
}

fn store(at: u32, words: vec4u) {
  packed[at] = words.x;
  packed[at + 1u] = words.y;
  packed[at + 2u] = words.z;
  packed[at + 3u] = words.w;
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
  var rest = store_behind(at, first.d, first.low);
  if (BYTES) {
    rest = store_behind(at + 4u, rest, first.high);
  }
  let middle = at + words;
  if (2u * pair + 1u == sizes.blocks) {
    packed[middle] = rest;
    return;
  }
  let second = block_at(2u * pair + 1u);
  packed[middle] = rest | (second.d << 16u);
  store(middle + 1u, second.low);
  if (BYTES) {
    store(middle + 5u, second.high);
  }
}
