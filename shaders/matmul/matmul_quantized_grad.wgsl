import package::lib::grid::linear_index;
import package::matmul::quantized_product::{ dims, weight_eight };
import package::matmul::result::store_block;

// dx = dy W with W [n, k] kept as codes and block scales, float32. dy: [m, n]; dx: [m, k]. 2
// m n k flops. Each invocation keeps 4 rows x 8 columns of dx in registers and decodes 8 weights of
// a row of W at a time.

@group(0) @binding(0) var<storage, read> dy: array<f32>;

const FOUR = vec4u(0u, 1u, 2u, 3u);

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_index(group, groups, lane, 64u);
  let col = (tile % dims.tiles) * 8u;
  let row = (tile / dims.tiles) * 4u;
  let at = (row + FOUR) * dims.n; // rows and columns past the end are not stored
  var low = mat4x4f();
  var high = mat4x4f();
  for (var j = 0u; j < dims.n; j++) {
    let w = weight_eight(j * dims.k + col, 8u);
    let d = vec4f(dy[at.x + j], dy[at.y + j], dy[at.z + j], dy[at.w + j]);
    low += mat4x4f(d.x * w.low, d.y * w.low, d.z * w.low, d.w * w.low);
    high += mat4x4f(d.x * w.high, d.y * w.high, d.z * w.high, d.w * w.high);
  }
  store_block(dims.m, dims.k, row, col, low);
  store_block(dims.m, dims.k, row, col + 4u, high);
}
