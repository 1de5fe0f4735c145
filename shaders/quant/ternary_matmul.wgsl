// y = (x T^T) * scale, float32. x: [M, K]; T: [N, K] packed trits of the flat matrix, four a byte,
// the first in bits 0-1 (rows may begin inside a byte); scale: 1 float or N, with SCALED; y: [M,
// N]. Each invocation keeps 4 x 4 elements of y and takes 16 trits of 4 rows of T a step; T is
// never expanded in memory. 2 M N K flops, K N / 4 bytes of weights.

import package::quant::ternary::trit_at;
import package::quant::ternary_weight::{ dims, packed, scale_of };

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const ROWS = 4u;
const COLS = 4u;

// The 16 trits of row `n` of T from column `k` on; those past the end of T are not to be used.
fn trits_of(n: u32, k: u32) -> u32 {
  let first = n * dims.k + k;
  let last_word = (dims.n * dims.k - 1u) / 16u;
  let w = first / 16u;
  let shift = 2u * (first % 16u);
  if (shift == 0u) {
    return packed[w];
  }
  return (packed[w] >> shift) | (packed[min(w + 1u, last_word)] << (32u - shift));
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * ROWS;
  let col = id.x * COLS; // rows and columns past the end are not stored
  var sum: array<vec4f, ROWS>;
  for (var k = 0u; k < dims.k; k += 16u) {
    let words = vec4u(trits_of(col, k), trits_of(col + 1u, k), trits_of(col + 2u, k), trits_of(col + 3u, k));
    let steps = min(16u, dims.k - k);
    for (var t = 0u; t < steps; t++) {
      let s = 2u * t;
      let trits = vec4f(vec4i(trit_at(words.x, s), trit_at(words.y, s), trit_at(words.z, s), trit_at(words.w, s)));
      for (var r = 0u; r < ROWS; r++) {
        sum[r] += x[(row + r) * dims.k + k + t] * trits;
      }
    }
  }
  for (var r = 0u; r < ROWS && row + r < dims.m; r++) {
    for (var c = 0u; c < COLS && col + c < dims.n; c++) {
      y[(row + r) * dims.n + col + c] = sum[r][c] * scale_of(col + c);
    }
  }
}
