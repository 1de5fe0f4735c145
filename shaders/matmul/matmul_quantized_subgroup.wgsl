import package::lib::grid::linear_index;
import package::lib::quad::four_rows;
import package::matmul::quantized_product::{ dims, weight_eight };
import package::matmul::result::store_block;

// y = x W^T as matmul_quantized, for adapters where a load costs more than a broadcast: the lanes of a
// quad load four terms of a row of x and hand them round. Each invocation keeps 16 rows x 4 columns
// of y in registers; 2 m n k flops.
enable subgroups;

@group(0) @binding(0) var<storage, read> x: array<f32>;

// 16, or 8 or 4 where x has no more rows than that.
override ROWS: u32 = 16u;

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Four terms from k on, of four rows; terms past the end repeat the last one, and meet weights that
// are 0.
fn x_rows(row: u32, k: u32, lane: u32) -> mat4x4f {
  let at = (row + FOUR) * dims.k + min(k + lane, dims.k - 1u);
  return four_rows(vec4f(x[at.x], x[at.y], x[at.z], x[at.w]));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linear_index(group, groups, local, 64u);
  let lane = local & 3u;
  // Rows and columns past the end are computed, and not stored: every lane of a quad must stay
  // until the end.
  let col = (tile % dims.tiles) * 4u;
  let row = (tile / dims.tiles) * ROWS;
  let starts = (col + FOUR) * dims.k;
  var sum_0 = mat4x4f();
  var sum_1 = mat4x4f();
  var sum_2 = mat4x4f();
  var sum_3 = mat4x4f();
  for (var k = 0u; k < dims.k; k += 8u) {
    let w0 = weight_eight(starts.x + k, dims.k - k);
    let w1 = weight_eight(starts.y + k, dims.k - k);
    let w2 = weight_eight(starts.z + k, dims.k - k);
    let w3 = weight_eight(starts.w + k, dims.k - k);
    let low = transpose(mat4x4f(w0.low, w1.low, w2.low, w3.low));
    let high = transpose(mat4x4f(w0.high, w1.high, w2.high, w3.high));
    sum_0 += low * x_rows(row, k, lane) + high * x_rows(row, k + 4u, lane);
    if (ROWS > 4u) {
      sum_1 += low * x_rows(row + 4u, k, lane) + high * x_rows(row + 4u, k + 4u, lane);
    }
    if (ROWS > 8u) {
      sum_2 += low * x_rows(row + 8u, k, lane) + high * x_rows(row + 8u, k + 4u, lane);
      sum_3 += low * x_rows(row + 12u, k, lane) + high * x_rows(row + 12u, k + 4u, lane);
    }
  }
  store_block(dims.m, dims.n, row, col, sum_0);
  if (ROWS > 4u) {
    store_block(dims.m, dims.n, row + 4u, col, sum_1);
  }
  if (ROWS > 8u) {
    store_block(dims.m, dims.n, row + 8u, col, sum_2);
    store_block(dims.m, dims.n, row + 12u, col, sum_3);
  }
}
