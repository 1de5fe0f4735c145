// packed = codes of x relative to the absmax of their block, in the number format that the kernel is
// linked for. x: n elements of STORAGE f32, f16 or bf16 (0, 1, 2); absmax: float32 bits of each
// block; packed: n codes, the rest of the last word holds zeros' codes. One invocation makes 32 codes,
// which are BITS words.

import package::format::{ BITS, encode, in_order };
import package::lib::block_scale::{ BlockScale, block_scale, relative_to_block };
import package::lib::code_stream::{ behind, fills, side_by_side, Stream, word_with };
import package::lib::fours::inside;
import package::lib::grid::linear_index;
import package::lib::storage::bits_of_four;

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
// Whether 32 elements are always of one block.
override SHARED: bool = false;

/// The bits, as float32, of elements 4 i to 4 i + 3; of those past the last, zeros.
fn bits_at(i: u32) -> vec4u {
  var bits = vec4u();
  if (STORAGE == 0u) {
    bits = vec4u(x[4u * i], x[4u * i + 1u], x[4u * i + 2u], x[4u * i + 3u]);
  } else {
    bits = bits_of_four(vec2u(x[2u * i], x[2u * i + 1u]), STORAGE);
  }
  return select(vec4u(), bits, inside(i, sizes.n));
}

fn scale_at(i: u32) -> BlockScale {
  return block_scale(absmax[i / sizes.block]);
}

/// The same four relative to their blocks; `scale` is that of the first of 32.
fn four_at(i: u32, scale: BlockScale) -> vec4f {
  let bits = bits_at(i);
  if (SHARED) {
    return relative_to_block(bits, scale);
  }
  return vec4f(
    relative_to_block(bits, scale_at(4u * i)).x,
    relative_to_block(bits, scale_at(4u * i + 1u)).y,
    relative_to_block(bits, scale_at(4u * i + 2u)).z,
    relative_to_block(bits, scale_at(4u * i + 3u)).w,
  );
}

/// With the codes of elements 4 i to 4 i + 3 behind; a word that is full is stored.
fn with_four(stream: Stream, i: u32, scale: BlockScale) -> Stream {
  let y = four_at(i, scale);
  let four = side_by_side(vec4u(encode(y.x), encode(y.y), encode(y.z), encode(y.w)), BITS);
  if (fills(stream, 4u * BITS) && stream.out < sizes.words) {
    packed[stream.out] = in_order(word_with(stream, four));
  }
  return behind(stream, four, 4u * BITS);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = 8u * linear_index(group, groups, local, 64u); // the first of eight fours
  let out = i / 8u * BITS;
  if (out >= sizes.words) {
    return;
  }
  let scale = scale_at(4u * i); // takes longest: once for all that share it
  // Not a loop, which costs a processor as much as the codes: where each four lies is known so.
  var stream = Stream(0u, 0u, out);
  stream = with_four(stream, i, scale);
  stream = with_four(stream, i + 1u, scale);
  stream = with_four(stream, i + 2u, scale);
  stream = with_four(stream, i + 3u, scale);
  stream = with_four(stream, i + 4u, scale);
  stream = with_four(stream, i + 5u, scale);
  stream = with_four(stream, i + 6u, scale);
  stream = with_four(stream, i + 7u, scale);
}
