import package::lib::grid::linear_index;
import package::lib::quad::four_rows;
import package::matmul::quantized_product::{ dims, weight_eight };
import package::matmul::result::store_block;

// dx = dy W as matmul_quantized_grad, for adapters where a load costs more than a broadcast: the lanes
// of a quad load four terms of a row of dy and hand them round. Each invocation keeps 8 rows x 8
// columns of dx in registers; 2 m n k flops.
enable subgroups;

@group(0) @binding(0) var<storage, read> dy: array<f32>;

const ROWS = 8u;
const FOUR = vec4u(0u, 1u, 2u, 3u);

// Four terms from j on, of four rows; those past the end are 0, and rows past the end are not
// stored.
fn dy_rows(row: u32, j: u32, lane: u32) -> mat4x4f {
  let at = (row + FOUR) * dims.n + j + lane;
  let values = vec4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]);
  return four_rows(select(vec4f(), values, j + lane < dims.n));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linear_index(group, groups, local, 64u);
  let lane = local & 3u;
  // Tiles and columns past the end compute what is not stored: every lane of a quad must stay until
  // the end.
  let col = (tile % dims.tiles) * 8u;
  let row = (tile / dims.tiles) * ROWS;
  let last = dims.n - 1u;
  var low_0 = mat4x4f();
  var low_1 = mat4x4f();
  var high_0 = mat4x4f();
  var high_1 = mat4x4f();
  for (var j = 0u; j < dims.n; j += 4u) {
    let w0 = weight_eight(j * dims.k + col, 8u);
    let w1 = weight_eight(min(j + 1u, last) * dims.k + col, 8u);
    let w2 = weight_eight(min(j + 2u, last) * dims.k + col, 8u);
    let w3 = weight_eight(min(j + 3u, last) * dims.k + col, 8u);
    let low = mat4x4f(w0.low, w1.low, w2.low, w3.low);
    let high = mat4x4f(w0.high, w1.high, w2.high, w3.high);
    let dy_0 = dy_rows(row, j, lane);
    let dy_1 = dy_rows(row + 4u, j, lane);
    low_0 += low * dy_0;
    high_0 += high * dy_0;
    low_1 += low * dy_1;
    high_1 += high * dy_1;
  }
  store_block(dims.m, dims.k, row, col, low_0);
  store_block(dims.m, dims.k, row, col + 4u, high_0);
  store_block(dims.m, dims.k, row + 4u, col, low_1);
  store_block(dims.m, dims.k, row + 4u, col + 4u, high_1);
}
