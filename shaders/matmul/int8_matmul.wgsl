import package::dots::{ Bytes, bytes_of, dot_of };
import package::lib::grid::linear_index;

// y = a b^T of signed bytes, exactly: sums are integers of 32 bits, which wrap. a: [m, k]; b: [n, k],
// four bytes to a word, row after row, so that with ALIGNED rows begin with a word; y: [m, n]. An
// invocation makes 4 x 4 elements; for four terms of each it reads 8 words, twice as many where
// rows are not aligned.

struct Dims {
  m: u32,
  n: u32,
  k: u32,
}

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read> b: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<i32>;
@group(0) @binding(3) var<uniform> dims: Dims;

override ALIGNED: bool = false;

// The four bytes from byte `at` on, of the two words that hold them; the first has all of them where
// it begins with them.
fn four_from(at: u32, word: u32, next: u32) -> u32 {
  let shift = 8u * (at & 3u);
  return (word >> shift) | ((next << 1u) << (31u - shift));
}

fn of_a(at: u32) -> Bytes {
  let w = at / 4u;
  return bytes_of(four_from(at, a[w], a[select(w + 1u, w, ALIGNED)]));
}

fn of_b(at: u32, inside: u32) -> Bytes {
  let w = at / 4u;
  return bytes_of(four_from(at, b[w], b[select(w + 1u, w, ALIGNED)]) & inside);
}

fn products(a: Bytes, b0: Bytes, b1: Bytes, b2: Bytes, b3: Bytes) -> vec4i {
  return vec4i(dot_of(a, b0), dot_of(a, b1), dot_of(a, b2), dot_of(a, b3));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linear_index(group, groups, local, 64u);
  let tiles = (dims.n + 3u) / 4u;
  let row = tile / tiles * 4u;
  let col = tile % tiles * 4u;
  if (row >= dims.m) {
    return;
  }
  let rows = min(dims.m - row, 4u);
  let at_a = dims.k * (vec4u(row) + vec4u(0u, 1u, 2u, 3u));
  // Columns past the last stand for the last, and are not stored.
  let at_b = dims.k * min(vec4u(col) + vec4u(0u, 1u, 2u, 3u), vec4u(dims.n - 1u));
  var sums = array<vec4i, 4>();
  for (var k = 0u; k < dims.k; k += 4u) {
    // Past the end of a row another begins, which counts as 0.
    var inside = 0xffffffffu;
    if (!ALIGNED) {
      inside >>= 32u - 8u * min(dims.k - k, 4u);
    }
    let b0 = of_b(at_b.x + k, inside);
    let b1 = of_b(at_b.y + k, inside);
    let b2 = of_b(at_b.z + k, inside);
    let b3 = of_b(at_b.w + k, inside);
    sums[0] += products(of_a(at_a.x + k), b0, b1, b2, b3);
    if (rows > 1u) {
      sums[1] += products(of_a(at_a.y + k), b0, b1, b2, b3);
    }
    if (rows > 2u) {
      sums[2] += products(of_a(at_a.z + k), b0, b1, b2, b3);
    }
    if (rows > 3u) {
      sums[3] += products(of_a(at_a.w + k), b0, b1, b2, b3);
    }
  }
  let cols = min(dims.n - col, 4u);
  for (var r = 0u; r < rows; r++) {
    for (var c = 0u; c < cols; c++) {
      y[(row + r) * dims.n + col + c] = sums[r][c];
    }
  }
}
