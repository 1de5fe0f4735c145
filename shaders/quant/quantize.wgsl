// packed = codes of x relative to the absmax of their block, in the number format that the kernel is
// linked for. x: n elements of STORAGE f32, f16 or bf16 (0, 1, 2); absmax: float32 bits of each
// block, which are given or, with FOUND, found here; packed: n codes, the rest of the last word holds
// zeros' codes. One invocation makes 32 codes, which are BITS words, or with FOUND a block of 64.

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
@group(0) @binding(1) var<storage, read_write> absmax: array<u32>;
@group(0) @binding(2) var<storage, read_write> packed: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
// Whether 32 elements are always of one block.
override SHARED: bool = false;
// Whether absmax is found here, of whole blocks of 64.
override FOUND: bool = false;

/// The bits, as float32, of 32 elements: read once, since a processor's loads take long.
struct Elements {
  a: vec4u, b: vec4u, c: vec4u, d: vec4u, e: vec4u, f: vec4u, g: vec4u, h: vec4u,
}

/// The eight fours from `i` on.
fn elements_at(i: u32) -> Elements {
  return Elements(
    bits_at(i), bits_at(i + 1u), bits_at(i + 2u), bits_at(i + 3u),
    bits_at(i + 4u), bits_at(i + 5u), bits_at(i + 6u), bits_at(i + 7u),
  );
}

/// Elements 4 i to 4 i + 3; zeros for those past the last.
fn bits_at(i: u32) -> vec4u {
  var bits = vec4u();
  if (STORAGE == 0u) {
    bits = vec4u(x[4u * i], x[4u * i + 1u], x[4u * i + 2u], x[4u * i + 3u]);
  } else {
    bits = bits_of_four(vec2u(x[2u * i], x[2u * i + 1u]), STORAGE);
  }
  if (FOUND) {
    return bits;
  }
  return select(vec4u(), bits, inside(i, sizes.n));
}

/// The largest magnitude's bits.
fn largest_of(x: Elements) -> u32 {
  let four = max(
    max(max(size(x.a), size(x.b)), max(size(x.c), size(x.d))),
    max(max(size(x.e), size(x.f)), max(size(x.g), size(x.h))),
  );
  return u32(max(max(four.x, four.y), max(four.z, four.w)));
}

// Signed, since a processor compares these faster.
fn size(bits: vec4u) -> vec4i {
  return bitcast<vec4i>(bits & vec4u(0x7fffffffu));
}

fn scale_at(i: u32) -> BlockScale {
  return block_scale(absmax[i / sizes.block]);
}

/// Elements 4 i to 4 i + 3 relative to their blocks; `scale` is that of the first of 32.
fn relative(bits: vec4u, i: u32, scale: BlockScale) -> vec4f {
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
fn with_four(stream: Stream, bits: vec4u, i: u32, scale: BlockScale) -> Stream {
  let y = relative(bits, i, scale);
  let four = side_by_side(vec4u(encode(y.x), encode(y.y), encode(y.z), encode(y.w)), BITS);
  if (fills(stream, 4u * BITS) && (FOUND || stream.out < sizes.words)) {
    packed[stream.out] = in_order(word_with(stream, four));
  }
  return behind(stream, four, 4u * BITS);
}

/// Stores the codes of the 32 elements from four `i` on.
fn store(x: Elements, i: u32, scale: BlockScale) {
  // Not a loop, which costs a processor as much as the codes: where each four lies is known so.
  var stream = Stream(0u, 0u, i / 8u * BITS);
  stream = with_four(stream, x.a, i, scale);
  stream = with_four(stream, x.b, i + 1u, scale);
  stream = with_four(stream, x.c, i + 2u, scale);
  stream = with_four(stream, x.d, i + 3u, scale);
  stream = with_four(stream, x.e, i + 4u, scale);
  stream = with_four(stream, x.f, i + 5u, scale);
  stream = with_four(stream, x.g, i + 6u, scale);
  stream = with_four(stream, x.h, i + 7u, scale);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = select(8u, 16u, FOUND) * linear_index(group, groups, local, 64u); // the first four
  if (4u * i >= sizes.n) {
    return;
  }
  let first = elements_at(i);
  if (FOUND) {
    let last = elements_at(i + 8u);
    let largest = max(largest_of(first), largest_of(last));
    absmax[i / 16u] = largest;
    let scale = block_scale(largest);
    store(first, i, scale);
    store(last, i + 8u, scale);
    return;
  }
  store(first, i, scale_at(4u * i)); // takes longest: once for all that share it
}
