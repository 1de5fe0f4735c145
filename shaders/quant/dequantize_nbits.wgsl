import package::lib::fours::end_of;
import package::lib::grid::linear_index;
import package::quant::nbits_zero::zero_point;

// y = (code - zero point) scale, of codes as MatMulNBits has them: rows of whole blocks, whose first
// `cols` elements are the weight's. packed: codes of BITS bits; scales: floats; zero_points: codes,
// those of a row in whole bytes, floats as many as scales, or what is not read: zero is the middle code;
// y: floats; g_idx: the block of each column, read where INDEXED. One invocation makes four elements of
// a row.

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
@group(0) @binding(4) var<storage, read> g_idx: array<u32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

override BITS: u32 = 4u;
// Codes, the middle code, or floats.
override ZEROS: u32 = 0u;
override INDEXED: bool = false;

const MIDDLE = 1u;
const FLOATS = 2u;

// The zero point of block `b` of a row.
fn zero_of(row: u32, b: u32) -> f32 {
  if (ZEROS == MIDDLE) {
    return f32(1u << (BITS - 1u));
  }
  if (ZEROS == FLOATS) {
    return bitcast<f32>(zero_points[row * sizes.blocks + b]);
  }
  let i = row * sizes.zeros + b;
  return zero_point(zero_points[i * BITS / 32u], i, BITS);
}

fn block_of(column: u32) -> u32 {
  if (INDEXED) {
    return g_idx[column];
  }
  return column / sizes.block;
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
  let code = row * sizes.blocks * sizes.block + first;
  let bits = packed[code * BITS / 32u] >> (code * BITS % 32u);
  let codes = (vec4u(bits) >> vec4u(0u, BITS, 2u * BITS, 3u * BITS)) & vec4u((1u << BITS) - 1u);
  for (var k = first; k < end_of(first, sizes.cols); k++) {
    let b = block_of(k);
    let level = f32(codes[k - first]) - zero_of(row, b);
    y[row * sizes.cols + k] = level * scales[row * sizes.blocks + b];
  }
}
