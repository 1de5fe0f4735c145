import package::left::{ left_at, left_four, left_runs_along_terms };
import package::lib::grid::linear_index;
import package::matmul::product::{ batch_at, dims, fours_of_terms, store_four };
import package::right::{ right_at, right_block, right_runs_along_terms };

// A tile of a product (package::matmul::product) through workgroup memory, as a GPU of its own wants
// it: a workgroup computes 64 x 64 of y and reads A and B in slabs of 32 terms; each invocation keeps
// 4 rows x 4 columns. 2 m n k flops a batch.

const TILE = 64u;
const FOURS = 8u; // of terms in a slab
const BLOCKS = TILE / 4u * FOURS; // blocks of 4 x 4 in a slab

// Four terms of a row of A, or of a column of B, a vector.
var<workgroup> slab_a: array<array<vec4f, TILE>, FOURS>;
var<workgroup> slab_b: array<array<vec4f, TILE>, FOURS>;

// A block of a slab, in blocks of rows or columns and of terms: neighbours load neighbours along the
// dimension that is dense in memory.
fn block_of(i: u32, dense_terms: bool) -> vec2u {
  return select(vec2u(i % (TILE / 4u), i / (TILE / 4u)), vec2u(i / FOURS, i % FOURS), dense_terms);
}

// Where a slab has row or column 4 x + i, so that neighbours along x and along t meet no bank twice.
fn place_of(t: u32, x: u32, i: u32) -> u32 {
  return (x ^ t) + TILE / 4u * i;
}

@compute @workgroup_size(256)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let batch = batch_at(group.z);
  // Tiles past the end compute what is not stored: every invocation must reach the barriers.
  let tile = linear_index(group, groups, 0u, 1u);
  let first_col = (tile % dims.tiles) * TILE;
  let first_row = (tile / dims.tiles) * TILE;
  let x = local % 16u;
  let y = local / 16u;
  var sum = mat4x4f();
  let fours = fours_of_terms();
  for (var first = 0u; first < fours; first += FOURS) {
    // Half of the invocations load A, the others B; fours past the end are left out.
    if (local < BLOCKS) {
      let at = block_of(local, left_runs_along_terms());
      for (var i = 0u; i < 4u && first + at.y < fours; i++) {
        let row = left_at(batch.left, first_row + 4u * at.x + i);
        slab_a[at.y][place_of(at.y, at.x, i)] = left_four(row, first + at.y);
      }
    } else {
      let at = block_of(local - BLOCKS, right_runs_along_terms());
      let columns = right_at(batch.right, first_col + 4u * at.x);
      let four = min(first + at.y, fours - 1u);
      let block = right_block(columns, four / 2u, four % 2u);
      for (var i = 0u; i < 4u; i++) {
        slab_b[at.y][place_of(at.y, at.x, i)] = block[i];
      }
    }
    workgroupBarrier();
    for (var t = 0u; t < min(FOURS, fours - first); t++) {
      var right = mat4x4f();
      for (var j = 0u; j < 4u; j++) {
        right[j] = slab_b[t][place_of(t, x, j)];
      }
      for (var i = 0u; i < 4u; i++) {
        sum[i] = slab_a[t][place_of(t, y, i)] * right + sum[i];
      }
    }
    workgroupBarrier();
  }
  for (var i = 0u; i < 4u; i++) {
    store_four(batch, first_row + 4u * y + i, first_col + 4u * x, sum[i]);
  }
}
