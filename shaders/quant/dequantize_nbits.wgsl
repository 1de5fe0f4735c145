import package::lib::fours::end_of;
import package::lib::grid::linear_index;
import package::quant::nbits_zero::zero_point;

// y = (code - zero point) scale, of codes as MatMulNBits has them: rows of whole blocks, whose first
// `cols` elements are the weight's. packed: codes of BITS bits; scales: floats; zero_points: codes,
// those of a row in whole bytes, or with SYMMETRIC what is not read: zero is the middle code; y: floats.
// One invocation makes four elements of a row.

struct Sizes {
  fours: u32, // of all rows
  row_fours: u32,
  cols: u32,
  block: u32, // elements
  blocks: u32, // of a row
  zeros: u32, // of a row, with those that fill its last byte up
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read> scales: array<f32>;
@group(0) @binding(2) var<storage, read> zero_points: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;
override SYMMETRIC: bool = false;

fn zero_of(i: u32) -> f32 {
  if (SYMMETRIC) {
    return f32(1u << (BITS - 1u));
  }
  return zero_point(zero_points[i * BITS / 32u], i, BITS);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= sizes.fours) {
    return;
  }
  let row = i / sizes.row_fours;
  let first = 4u * (i - row * sizes.row_fours);
  let b = first / sizes.block;
  let code = row * sizes.blocks * sizes.block + first;
  let bits = packed[code * BITS / 32u] >> (code * BITS % 32u);
  let codes = (vec4u(bits) >> vec4u(0u, BITS, 2u * BITS, 3u * BITS)) & vec4u((1u << BITS) - 1u);
  let four = (vec4f(codes) - zero_of(row * sizes.zeros + b)) * scales[row * sizes.blocks + b];
  for (var k = first; k < end_of(first, sizes.cols); k++) {
    y[row * sizes.cols + k] = four[k - first];
  }
}
