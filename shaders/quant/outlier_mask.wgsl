// mask[c] = 1 where a magnitude of column c has bits in storage of LIMIT or more, else 0. x: rows of
// `cols` elements of STORAGE f32, f16 or bf16 (0, 1, 2); mask: one byte a column, four columns a
// word; what fills the last word up is 0. LANES invocations share a word; with one there is no
// barrier. Reads x once.

import package::lib::storage::{ magnitude_bits, word_of };

struct Sizes {
  rows: u32,
  cols: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> mask: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override LANES: u32 = 1u;
override LIMIT: u32 = 0xffffffffu;

var<workgroup> found: array<u32, 64>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  // Neighbours have neighbouring columns, whose elements lie side by side.
  let words = 64u / LANES;
  let w = (group.y * groups.x + group.x) * words + local % words;
  let end = min(4u * w + 4u, sizes.cols);
  var word = 0u;
  for (var row = local / words; row < sizes.rows; row += LANES) {
    for (var c = 4u * w; c < end; c++) {
      let i = row * sizes.cols + c;
      if (magnitude_bits(x[word_of(i, STORAGE)], i, STORAGE) >= LIMIT) {
        word |= 1u << (8u * (c & 3u));
      }
    }
  }
  if (LANES > 1u) {
    found[local] = word;
    workgroupBarrier();
    for (var lane = 1u; lane < LANES; lane++) {
      word |= found[(local + lane * words) % 64u];
    }
  }
  if (local < words && 4u * w < sizes.cols) {
    mask[w] = word;
  }
}
