// y[batch] = op(a[batch]) op(b[batch]) (+ bias), float32, row-major; op is the identity or the transpose.
// a: [batch, M, K] or [batch, K, M]; b: [batch, K, N] or [batch, N, K]; y: [batch, M, N]. 2 M N K flops a batch.
// Each invocation keeps a ROWS x COLS block of y in registers.

struct Dims {
  m: u32,
  n: u32,
  k: u32,
  batch_stride_a: u32, // elements; 0 repeats one matrix over the batch
  batch_stride_b: u32,
}

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

override TRANSPOSE_A: bool = false;
override TRANSPOSE_B: bool = false;

const ROWS = 4u;
const COLS = 4u;

fn load_a(batch: u32, row: u32, k: u32) -> f32 {
  let i = min(row, dims.m - 1u);
  return a[batch * dims.batch_stride_a + select(i * dims.k + k, k * dims.m + i, TRANSPOSE_A)];
}

fn load_b(batch: u32, k: u32, col: u32) -> f32 {
  let j = min(col, dims.n - 1u);
  return b[batch * dims.batch_stride_b + select(k * dims.n + j, j * dims.k + k, TRANSPOSE_B)];
}

@compute @workgroup_size(8, 8)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let batch = id.z;
  let row = id.y * ROWS;
  let col = id.x * COLS;
  if (row >= dims.m || col >= dims.n) {
    return;
  }
  var sum: array<vec4f, ROWS>;
  for (var k = 0u; k < dims.k; k++) {
    let right = vec4f(load_b(batch, k, col), load_b(batch, k, col + 1u), load_b(batch, k, col + 2u), load_b(batch, k, col + 3u));
    for (var r = 0u; r < ROWS; r++) {
      sum[r] += load_a(batch, row + r, k) * right;
    }
  }
  for (var r = 0u; r < ROWS && row + r < dims.m; r++) {
    let out = (batch * dims.m + row + r) * dims.n + col;
    for (var c = 0u; c < COLS && col + c < dims.n; c++) {
      y[out + c] = sum[r][c];
    }
  }
}
