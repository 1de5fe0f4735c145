// dx = (dy * scale) T, float32: the gradient of ternary_matmul. dy: [M, N]; T: [N, K] packed trits,
// four a byte, the first in bits 0-1; scale: 1 float or N, with SCALED; dx: [M, K]. Each invocation
// keeps 4 x 4 elements of dx and walks down the rows of T. 2 M N K flops.

import package::quant::ternary::trit_at;
import package::quant::ternary_weight::{ dims, packed, scale_of };

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

const ROWS = 4u;
const COLS = 4u;

fn trit(n: u32, k: u32) -> i32 {
  let i = n * dims.k + k;
  return trit_at(packed[i / 16u], 2u * (i % 16u));
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * ROWS;
  let col = id.x * COLS; // rows and columns past the end are not stored
  var sum: array<vec4f, ROWS>;
  for (var n = 0u; n < dims.n; n++) {
    let factor = scale_of(n);
    let trits = factor * vec4f(vec4i(trit(n, col), trit(n, col + 1u), trit(n, col + 2u), trit(n, col + 3u)));
    for (var r = 0u; r < ROWS; r++) {
      sum[r] += dy[(row + r) * dims.n + n] * trits;
    }
  }
  for (var r = 0u; r < ROWS && row + r < dims.m; r++) {
    for (var c = 0u; c < COLS && col + c < dims.k; c++) {
      dx[(row + r) * dims.k + col + c] = sum[r][c];
    }
  }
}
