import package::lib::grid::linear_index;
import package::matmul::product::{ batch_at, dims, store_four };

// y[batch] = scale * a[batch] b[batch] + bias_scale * bias as matmul, through workgroup memory:
// what a GPU of its own wants. A workgroup computes 64 x 64 of y and reads a and b in slabs of 16
// terms; each invocation keeps 4 rows x 4 columns. 2 m n k flops a batch.

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;

const TILE = 64u;
const SLAB = 16u;

// [term][row / 4] of a and [term][col / 4] of b, four rows or columns a vector.
var<workgroup> slab_a: array<array<vec4f, TILE / 4>, SLAB>;
var<workgroup> slab_b: array<array<vec4f, TILE / 4>, SLAB>;

fn a_at(start: u32, row: u32, k: u32) -> f32 {
  return select(0.0, a[start + row * dims.a_row + k * dims.a_k], k < dims.k);
}

fn b_at(start: u32, k: u32, col: u32) -> f32 {
  return select(0.0, b[start + k * dims.b_k + col * dims.b_col], k < dims.k);
}

@compute @workgroup_size(16, 16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let batch = batch_at(group.z);
  // Tiles past the end compute what is not stored: every invocation must reach the barriers.
  let tile = linear_index(group, groups, 0u, 1u);
  let first_col = (tile % dims.tiles) * TILE;
  let first_row = (tile / dims.tiles) * TILE;
  // Neighbours load neighbours: along the dimension of a and b that is dense in memory.
  let load_a = select(local.xy, local.yx, dims.a_k == 1u);
  let load_b = select(local.xy, local.yx, dims.b_k == 1u);
  let row_a = first_row + 4u * load_a.x;
  let col_b = first_col + 4u * load_b.x;
  var sum = mat4x4f();
  for (var k = 0u; k < dims.k; k += SLAB) {
    let ka = k + load_a.y;
    let kb = k + load_b.y;
    slab_a[load_a.y][load_a.x] = vec4f(
      a_at(batch.a, row_a, ka), a_at(batch.a, row_a + 1u, ka), a_at(batch.a, row_a + 2u, ka), a_at(batch.a, row_a + 3u, ka),
    );
    slab_b[load_b.y][load_b.x] = vec4f(
      b_at(batch.b, kb, col_b), b_at(batch.b, kb, col_b + 1u), b_at(batch.b, kb, col_b + 2u), b_at(batch.b, kb, col_b + 3u),
    );
    workgroupBarrier();
    for (var t = 0u; t < SLAB; t++) {
      let left = slab_a[t][local.y];
      let right = slab_b[t][local.x];
      sum += mat4x4f(left.x * right, left.y * right, left.z * right, left.w * right);
    }
    workgroupBarrier();
  }
  let row = first_row + 4u * local.y;
  let col = first_col + 4u * local.x;
  store_four(batch, row, col, sum[0]);
  store_four(batch, row + 1u, col, sum[1]);
  store_four(batch, row + 2u, col, sum[2]);
  store_four(batch, row + 3u, col, sum[3]);
}
