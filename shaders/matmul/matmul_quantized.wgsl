import package::lib::grid::linear_index;
import package::matmul::quantized_product::{ dims, weight_eight };
import package::matmul::result::store_block;

// y = x W^T with W [n, k] kept as codes and block scales, float32. x: [m, k]; y: [m, n]. 2 m
// n k flops; W costs n k / 2 bytes. Each invocation keeps 8 rows x 4 columns of y in registers and
// decodes 4 x 8 weights at a time.

@group(0) @binding(0) var<storage, read> x: array<f32>;

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Four terms from k on, of four rows of x, a row a column; terms past the end repeat the last one,
// and meet weights that are 0.
fn x_rows(row: u32, k: u32) -> mat4x4f {
  let at = (row + FOUR) * dims.k;
  let t = min(k + FOUR, vec4u(dims.k - 1u));
  return mat4x4f(
    vec4f(x[at.x + t.x], x[at.x + t.y], x[at.x + t.z], x[at.x + t.w]),
    vec4f(x[at.y + t.x], x[at.y + t.y], x[at.y + t.z], x[at.y + t.w]),
    vec4f(x[at.z + t.x], x[at.z + t.y], x[at.z + t.z], x[at.z + t.w]),
    vec4f(x[at.w + t.x], x[at.w + t.y], x[at.w + t.z], x[at.w + t.w]),
  );
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_index(group, groups, lane, 64u);
  let col = (tile % dims.tiles) * 4u;
  let row = (tile / dims.tiles) * 8u;
  let starts = (col + FOUR) * dims.k; // rows and columns past the end are not stored
  var sum_0 = mat4x4f();
  var sum_1 = mat4x4f();
  for (var k = 0u; k < dims.k; k += 8u) {
    let w0 = weight_eight(starts.x + k, dims.k - k);
    let w1 = weight_eight(starts.y + k, dims.k - k);
    let w2 = weight_eight(starts.z + k, dims.k - k);
    let w3 = weight_eight(starts.w + k, dims.k - k);
    let low = transpose(mat4x4f(w0.low, w1.low, w2.low, w3.low));
    let high = transpose(mat4x4f(w0.high, w1.high, w2.high, w3.high));
    sum_0 += low * x_rows(row, k) + high * x_rows(row, k + 4u);
    if (row + 4u < dims.m) {
      sum_1 += low * x_rows(row + 4u, k) + high * x_rows(row + 4u, k + 4u);
    }
  }
  store_block(dims.m, dims.n, row, col, sum_0);
  store_block(dims.m, dims.n, row + 4u, col, sum_1);
}
