import package::lib::grid::linear_index;
import package::matmul::four_bit_weight::{ dims, weight_eight };

// dx = dy W with W [n, k] kept as 4-bit codes and block scales, float32. dy: [m, n]; dx: [m, k]. 2 m n k flops.
// Each invocation keeps 4 rows x 8 columns of dx in registers and decodes 8 weights of a row of W at a time.

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(3) var<storage, read_write> dx: array<f32>;

override ROWS: u32 = 4u;

fn store(row: u32, col: u32, sum: vec4f) {
  if (row < dims.m) {
    let at = row * dims.k + col;
    for (var c = 0u; c < 4u && col + c < dims.k; c++) {
      dx[at + c] = sum[c];
    }
  }
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tile = linear_index(group, groups, lane, 64u);
  let col = (tile % dims.tiles) * 8u;
  let row = (tile / dims.tiles) * ROWS;
  if (row >= dims.m) {
    return;
  }
  let starts = min(vec4u(row, row + 1u, row + 2u, row + 3u), vec4u(dims.m - 1u)) * dims.n;
  var low = mat4x4f();
  var high = mat4x4f();
  for (var j = 0u; j < dims.n; j++) {
    let w = weight_eight(j * dims.k + col, dims.k - col);
    let d0 = dy[starts.x + j];
    low[0] += d0 * w.low;
    high[0] += d0 * w.high;
    if (ROWS > 1u) {
      let d = vec3f(dy[starts.y + j], dy[starts.z + j], dy[starts.w + j]);
      low[1] += d.x * w.low;
      high[1] += d.x * w.high;
      low[2] += d.y * w.low;
      high[2] += d.y * w.high;
      low[3] += d.z * w.low;
      high[3] += d.z * w.high;
    }
  }
  for (var r = 0u; r < ROWS; r++) {
    store(row + r, col, low[r]);
    store(row + r, col + 4u, high[r]);
  }
}
