// q = round(x * (127 * (1 / absmax of its row))), ties to even; 0 in the columns whose byte in `mask`
// is 1 where OUTLIERS is set. x: n elements of STORAGE f32, f16 or bf16 (0, 1, 2) in rows of `cols`;
// absmax: float32 bits of each row, of what is not in those columns; q: signed bytes. One
// invocation makes a word of 4 codes; what fills the last one up is 0.

import package::lib::block_scale::{ BlockScale, relative_to_block, scale_of_127 };
import package::lib::grid::linear_index;
import package::lib::storage::{ f32_bits_of, word_of };

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

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, 64u);
  let first = w * 4u;
  if (first >= sizes.n) {
    return;
  }
  var row = first / sizes.cols;
  var col = first % sizes.cols;
  var scale = scale_of_127(absmax[row]); // takes longest: once for all that share it
  var word = 0u;
  for (var k = 0u; k < 4u && first + k < sizes.n; k++) {
    if (col == sizes.cols) {
      col = 0u;
      row += 1u;
      scale = scale_of_127(absmax[row]);
    }
    var is_outlier = false;
    if (OUTLIERS) {
      is_outlier = extractBits(mask[col / 4u], 8u * (col & 3u), 8u) != 0u;
    }
    if (!is_outlier) {
      let i = first + k;
      let y = relative_to_block(f32_bits_of(x[word_of(i, STORAGE)], i, STORAGE), scale);
      word |= (bitcast<u32>(i32(round(y))) & 255u) << (8u * k);
    }
    col += 1u;
  }
  q[w] = word;
}
