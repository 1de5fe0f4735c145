// q = round(x * (127 * (1 / absmax of its row))), ties to even; 0 in the columns whose byte in `mask`
// is 1 where OUTLIERS is set. x: n elements of STORAGE f32, f16 or bf16 (0, 1, 2) in rows of `cols`;
// absmax: float32 bits of each row, of what is not in those columns, for which LEAST stands where they
// are less; q: signed bytes. One
// invocation makes WORDS words of 4 codes; what fills the last one up is 0.

import package::lib::block_scale::{ BlockScale, relative_to_block, scale_of_127 };
import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::lib::storage::bits_of_four;
import package::lib::whole::whole_bits;

struct Sizes {
  n: u32,
  cols: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> absmax: array<u32>;
@group(0) @binding(2) var<storage, read> mask: array<u32>;
@group(0) @binding(3) var<storage, read_write> q: array<u32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override OUTLIERS: bool = false;
override LEAST: u32 = 0u;

// Whether all elements of an invocation are always of one row.
override SHARED: bool = false;
override WORDS: u32 = 1u; // or 8

fn bits_at(first: u32) -> vec4u {
  if (STORAGE == 0u) {
    return vec4u(x[first], x[first + 1u], x[first + 2u], x[first + 3u]);
  }
  return bits_of_four(vec2u(x[first / 2u], x[first / 2u + 1u]), STORAGE);
}

fn scale_at(i: u32) -> BlockScale {
  return scale_of_127(max(absmax[i / sizes.cols], LEAST));
}

/// Elements `first` to first + 3 relative to their rows; `scale` is that of the first.
fn four_at(first: u32, scale: BlockScale) -> vec4f {
  let bits = bits_at(first);
  if (SHARED) {
    return relative_to_block(bits, scale);
  }
  return vec4f(
    relative_to_block(bits, scale).x,
    relative_to_block(bits, scale_at(first + 1u)).y,
    relative_to_block(bits, scale_at(first + 2u)).z,
    relative_to_block(bits, scale_at(first + 3u)).w,
  );
}

fn is_outlier(i: u32) -> bool {
  let col = i % sizes.cols;
  return extractBits(mask[col / 4u], 8u * (col & 3u), 8u) != 0u;
}

/// Makes word `w`.
fn code(w: u32, scale: BlockScale) {
  let first = w * 4u;
  var coded = inside(w, sizes.n);
  if (OUTLIERS) {
    coded &= !vec4<bool>(
      is_outlier(first),
      is_outlier(first + 1u),
      is_outlier(first + 2u),
      is_outlier(first + 3u),
    );
  }
  let bytes = select(vec4u(), whole_bits(round(four_at(first, scale))) & vec4u(255u), coded);
  q[w] = dot(bytes, vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = WORDS * linear_index(group, groups, local, MANY);
  if (4u * w >= sizes.n) {
    return;
  }
  let scale = scale_at(4u * w); // takes longest: once for all words
  code(w, scale);
  if (WORDS > 1u) { // eight, and no loop, which costs a processor as much as the codes
    code(w + 1u, scale);
    code(w + 2u, scale);
    code(w + 3u, scale);
    code(w + 4u, scale);
    code(w + 5u, scale);
    code(w + 6u, scale);
    code(w + 7u, scale);
  }
}
