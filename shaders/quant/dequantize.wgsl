// y[i] = value(code i) * absmax[i / block], rounded to STORAGE f32, f16 or bf16 (0, 1, 2), of codes
// in the number format that the kernel is linked for. y: n elements as words. One invocation makes
// eight of them, and eight more behind those of its workgroup. Reads n codes, writes 4 n or 2 n bytes.

import package::lib::grid::linear_index;
import package::lib::quantized_weight::{ ALIGNED, Blocks, eight_at };
import package::lib::storage::pack_four;

struct Sizes {
  n: u32,
  block: u32,
  block_shift: u32, // log2 of it, where it has one
}

@group(0) @binding(0) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;

// Word `at`, as far as it is inside y.
fn store_word(at: u32, word: u32) {
  if (at < select(sizes.n, (sizes.n + 1u) / 2u, STORAGE != 0u)) {
    y[at / 4u][at % 4u] = word;
  }
}

fn store_words(at: u32, words: vec4u) {
  store_word(at, words.x); // a loop here costs a CPU adapter half of its speed
  store_word(at + 1u, words.y);
  store_word(at + 2u, words.z);
  store_word(at + 3u, words.w);
}

// Elements `first` to first + 7; where ALIGNED, y has all of them or none.
fn dequantize(first: u32) {
  let eight = eight_at(first, Blocks(sizes.block, sizes.block_shift));
  if (STORAGE != 0u) {
    let words = vec4u(pack_four(eight.low, STORAGE), pack_four(eight.high, STORAGE));
    if (!ALIGNED) {
      store_words(first / 2u, words);
    } else if (first < sizes.n) {
      y[first / 8u] = words;
    }
  } else if (!ALIGNED) {
    store_words(first, bitcast<vec4u>(eight.low));
    store_words(first + 4u, bitcast<vec4u>(eight.high));
  } else if (first < sizes.n) {
    y[first / 4u] = bitcast<vec4u>(eight.low);
    y[first / 4u + 1u] = bitcast<vec4u>(eight.high);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = 8u * (2u * linear_index(group, groups, 0u, 64u) + local);
  dequantize(first);
  dequantize(first + 8u * 64u);
}
