// y = (x T^T) * scale, float32, without a multiplication or an addition for zeros of T. x: [M, K];
// T: [N, K] packed trits of the flat matrix, four a byte, the first lowest or HIGH, or five to BASE3
// (rows may begin inside a byte); scale: 1 float or N, with SCALED; y: [M, N]. Each invocation keeps 4
// rows of one column of y and walks from one trit to the next that is not zero.

import package::quant::ternary::{ fifth_of, four_digits, in_low_order, shares_of, trit_at };

struct Dims {
  m: u32,
  n: u32,
  k: u32,
  scale_stride: u32, // 0: one scale for all; 1: one for each row of T
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> packed: array<u32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> dims: Dims;

override SCALED: bool = false;
override HIGH: bool = false;
override BASE3: bool = false;

const ROWS = 4u;

/// Codes of two bits of 16 trits from 16 w on, in low order.
fn codes_of(w: u32) -> u32 {
  if (!BASE3) {
    return in_low_order(packed[w], HIGH);
  }
  let first = 16u * w + vec4u(0u, 4u, 8u, 12u);
  let bytes = fifth_of(first);
  let shares = shares_of(first - 5u * bytes);
  return codes_from(bytes.x, shares.x)
    | (codes_from(bytes.y, shares.y) << 8u)
    | (codes_from(bytes.z, shares.z) << 16u)
    | (codes_from(bytes.w, shares.w) << 24u);
}

/// Codes of four trits from a digit of a byte on.
fn codes_from(byte: u32, share: f32) -> u32 {
  let digits = four_digits(byte_at(byte), byte_at(byte + 1u), share);
  return u32(dot(digits, vec4f(1.0, 4.0, 16.0, 64.0)));
}

fn byte_at(i: u32) -> u32 {
  return (packed[i / 4u] >> (8u * (i & 3u))) & 255u;
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let col = id.x;
  let row = id.y * ROWS;
  if (col >= dims.n) {
    return;
  }
  let first = col * dims.k;
  let end = first + dims.k;
  var sum = vec4f();
  for (var w = first / 16u; w * 16u < end; w++) {
    let word = codes_of(w);
    var left = ~word & 0x55555555u; // the lower bits of codes that are not 1, a zero's
    for (; left != 0u; left &= left - 1u) {
      let bit = firstTrailingBit(left);
      let i = w * 16u + bit / 2u;
      if (i >= first && i < end) {
        let trit = f32(trit_at(word, bit));
        for (var r = 0u; r < ROWS; r++) {
          sum[r] += x[(row + r) * dims.k + i - first] * trit;
        }
      }
    }
  }
  let factor = select(1.0, scale[col * dims.scale_stride], SCALED);
  for (var r = 0u; r < ROWS && row + r < dims.m; r++) {
    y[(row + r) * dims.n + col] = sum[r] * factor;
  }
}
