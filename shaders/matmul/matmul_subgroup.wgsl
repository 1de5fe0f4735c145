import package::lib::grid::linear_index;
import package::lib::quad::four_rows;
import package::matmul::product::{ Batch, batch_at, dims, store_four };

// y[batch] = scale * a[batch] b[batch] + bias_scale * bias as matmul, for adapters where a load
// costs more than a broadcast: the lanes of a quad load four terms of a row of a and hand them
// round. Each invocation keeps 16 rows x 4 columns in registers; 2 m n k flops a batch.
enable subgroups;

@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;

// How b is read: four columns of a row at a time (1: b_col is 1 and n a multiple of four), four
// terms of a column (2: likewise b_k and k), or one element (0).
override LOAD_B: u32 = 0u;
// 16, or 8 or 4 where a has no more rows than that.
override ROWS: u32 = 16u;

const FOUR = vec4u(0u, 1u, 2u, 3u);

// Four terms from k on, of four rows of a; terms past the end are 0.
fn a_rows(start: u32, row: u32, k: u32, lane: u32) -> mat4x4f {
  let at = start + (row + FOUR) * dims.a_row + (k + lane) * dims.a_k;
  let values = vec4f(a[at.x], a[at.y], a[at.z], a[at.w]);
  return four_rows(select(vec4f(), values, k + lane < dims.k));
}

fn b_element(at: u32) -> f32 {
  return b[at / 4u][at % 4u];
}

// Four columns of b from col on at four terms from k on, a term a column. Terms past the end repeat
// the last one, and meet 0.
fn b_block(start: u32, k: u32, col: u32) -> mat4x4f {
  let terms = start + min(k + FOUR, vec4u(dims.k - 1u)) * dims.b_k;
  if (LOAD_B == 1u) {
    let at = (terms + col) / 4u;
    return mat4x4f(b[at.x], b[at.y], b[at.z], b[at.w]);
  }
  let cols = (col + FOUR) * dims.b_col;
  if (LOAD_B == 2u) {
    let at = (start + cols + k) / 4u;
    return transpose(mat4x4f(b[at.x], b[at.y], b[at.z], b[at.w]));
  }
  return mat4x4f(
    vec4f(b_element(terms.x + cols.x), b_element(terms.x + cols.y), b_element(terms.x + cols.z), b_element(terms.x + cols.w)),
    vec4f(b_element(terms.y + cols.x), b_element(terms.y + cols.y), b_element(terms.y + cols.z), b_element(terms.y + cols.w)),
    vec4f(b_element(terms.z + cols.x), b_element(terms.z + cols.y), b_element(terms.z + cols.z), b_element(terms.z + cols.w)),
    vec4f(b_element(terms.w + cols.x), b_element(terms.w + cols.y), b_element(terms.w + cols.z), b_element(terms.w + cols.w)),
  );
}

fn store_rows(batch: Batch, row: u32, col: u32, sums: mat4x4f) {
  for (var r = 0u; r < 4u; r++) {
    store_four(batch, row + r, col, sums[r]);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linear_index(group, groups, local, 64u);
  let lane = local & 3u;
  let batch = batch_at(group.z);
  // Tiles past the end compute what is not stored: every lane of a quad must stay until the end.
  let col = (tile % dims.tiles) * 4u;
  let row = (tile / dims.tiles) * ROWS;
  var sum_0 = mat4x4f();
  var sum_1 = mat4x4f();
  var sum_2 = mat4x4f();
  var sum_3 = mat4x4f();
  for (var k = 0u; k < dims.k; k += 4u) {
    let right = b_block(batch.b, k, col);
    sum_0 += right * a_rows(batch.a, row, k, lane);
    if (ROWS > 4u) {
      sum_1 += right * a_rows(batch.a, row + 4u, k, lane);
    }
    if (ROWS > 8u) {
      sum_2 += right * a_rows(batch.a, row + 8u, k, lane);
      sum_3 += right * a_rows(batch.a, row + 12u, k, lane);
    }
  }
  store_rows(batch, row, col, sum_0);
  if (ROWS > 4u) {
    store_rows(batch, row + 4u, col, sum_1);
  }
  if (ROWS > 8u) {
    store_rows(batch, row + 8u, col, sum_2);
    store_rows(batch, row + 12u, col, sum_3);
  }
}
