import package::lib::grid::linear_index;
import package::matmul::four_bit_weight::{ dims, weight_eight };

// y = x W^T with W [n, k] kept as 4-bit codes and block scales, float32. x: [m, k]; y: [m, n]. 2 m n k flops; W costs n k / 2 bytes.
// Each invocation keeps 8 rows x 4 columns of y in registers (one row where ROWS is 1) and decodes 4 x 8 weights at a time.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

override ROWS: u32 = 8u;

// Four elements of a row of x from k on; past the end they repeat the last one, and meet weights that are 0.
fn x_four(row: u32, k: u32) -> vec4f {
  let start = min(row, dims.m - 1u) * dims.k;
  let last = dims.k - 1u;
  return vec4f(x[start + min(k, last)], x[start + min(k + 1u, last)], x[start + min(k + 2u, last)], x[start + min(k + 3u, last)]);
}

fn store(row: u32, col: u32, sum: vec4f) {
  if (row < dims.m) {
    let at = row * dims.n + col;
    y[at] = sum.x;
    if (col + 1u < dims.n) { y[at + 1u] = sum.y; }
    if (col + 2u < dims.n) { y[at + 2u] = sum.z; }
    if (col + 3u < dims.n) { y[at + 3u] = sum.w; }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = linear_index(group, groups, lane, 64u);
  let col = (tile % dims.tiles) * 4u;
  let row = (tile / dims.tiles) * ROWS;
  if (row >= dims.m) {
    return;
  }
  let last_col = dims.n - 1u;
  let starts = min(vec4u(col, col + 1u, col + 2u, col + 3u), vec4u(last_col)) * dims.k;
  var sum_a = mat4x4f();
  var sum_b = mat4x4f();
  for (var k = 0u; k < dims.k; k += 8u) {
    let w0 = weight_eight(starts.x + k, dims.k - k);
    let w1 = weight_eight(starts.y + k, dims.k - k);
    let w2 = weight_eight(starts.z + k, dims.k - k);
    let w3 = weight_eight(starts.w + k, dims.k - k);
    let low = mat4x4f(w0.low, w1.low, w2.low, w3.low);
    let high = mat4x4f(w0.high, w1.high, w2.high, w3.high);
    sum_a[0] += x_four(row, k) * low + x_four(row, k + 4u) * high;
    if (ROWS > 1u) {
      sum_a[1] += x_four(row + 1u, k) * low + x_four(row + 1u, k + 4u) * high;
      sum_a[2] += x_four(row + 2u, k) * low + x_four(row + 2u, k + 4u) * high;
      sum_a[3] += x_four(row + 3u, k) * low + x_four(row + 3u, k + 4u) * high;
      sum_b[0] += x_four(row + 4u, k) * low + x_four(row + 4u, k + 4u) * high;
      sum_b[1] += x_four(row + 5u, k) * low + x_four(row + 5u, k + 4u) * high;
      sum_b[2] += x_four(row + 6u, k) * low + x_four(row + 6u, k + 4u) * high;
      sum_b[3] += x_four(row + 7u, k) * low + x_four(row + 7u, k + 4u) * high;
    }
  }
  for (var r = 0u; r < min(ROWS, 4u); r++) {
    store(row + r, col, sum_a[r]);
  }
  for (var r = 4u; r < ROWS; r++) {
    store(row + r, col, sum_b[r - 4u]);
  }
}
