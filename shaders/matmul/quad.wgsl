import package::left::{ left_at, left_four };
import package::lib::grid::linear_index;
import package::matmul::product::{ Batch, batch_at, dims, fours_of_terms, store_four };
import package::matmul::quads::{ added, from_quad };
import package::right::{ right_at, right_block, right_eights, right_from };

// A tile of a product (package::matmul::product) for adapters where a load costs more than
// arithmetic: each lane of a quad loads rows and columns of its own, and the rows go round the quad.
// A quad computes ROWS rows x 16 columns, a lane all rows of 4 columns; 2 m n k flops a batch.
enable subgroups;

// 32, or 16, 8 or 4 where y has no more rows than that.
override ROWS: u32 = 32u;
// Whether each lane loads four rows of a term of its own (package::matmul::left::columns), and not
// four terms of a row. Terms of its columns then come in the order in which those of the rows reach it.
override BY_TERMS: bool = false;

/// Adds four terms of four rows; a lane has loaded a fourth of them.
fn with_terms(sums: mat4x4f, right: mat4x4f, loaded: vec4f) -> mat4x4f {
  let rows = from_quad(loaded);
  if (BY_TERMS) {
    return mat4x4f(rows * right[0] + sums[0], rows * right[1] + sums[1], rows * right[2] + sums[2], rows * right[3] + sums[3]);
  }
  return added(sums, right, rows);
}

fn store(batch: Batch, first: u32, lane: u32, col: u32, sums: mat4x4f) {
  let rows = transpose(sums);
  for (var i = 0u; i < 4u; i++) {
    store_four(batch, first + select(lane ^ i, i, BY_TERMS), col, rows[i]);
  }
}

@compute @workgroup_size(16)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linear_index(group, groups, local, 16u) / 4u;
  let lane = local & 3u;
  let batch = batch_at(group.z);
  // Tiles past the end compute what is not stored: every lane of a quad must stay until the end.
  let first = (tile / dims.tiles) * ROWS;
  let row = first + lane;
  let row_0 = left_at(batch.left, row);
  let row_1 = left_at(batch.left, row + 4u);
  let row_2 = left_at(batch.left, row + 8u);
  let row_3 = left_at(batch.left, row + 12u);
  let row_4 = left_at(batch.left, row + 16u);
  let row_5 = left_at(batch.left, row + 20u);
  let row_6 = left_at(batch.left, row + 24u);
  let row_7 = left_at(batch.left, row + 28u);
  let col = (tile % dims.tiles) * 16u + 4u * lane;
  let columns = right_at(batch.right, col);
  var sum_0 = mat4x4f();
  var sum_1 = mat4x4f();
  var sum_2 = mat4x4f();
  var sum_3 = mat4x4f();
  var sum_4 = mat4x4f();
  var sum_5 = mat4x4f();
  var sum_6 = mat4x4f();
  var sum_7 = mat4x4f();
  let fours = fours_of_terms();
  for (var first = 0u; first < fours; first += 2u * right_eights()) {
    let part = right_from(columns, first / 2u);
    let end = min(first + 2u * right_eights(), fours);
    for (var i = first; i < end; i++) {
      let right = right_block(part, i / 2u, i % 2u);
      sum_0 = with_terms(sum_0, right, left_four(row_0, i));
      if (ROWS > 4u) {
        sum_1 = with_terms(sum_1, right, left_four(row_1, i));
      }
      if (ROWS > 8u) {
        sum_2 = with_terms(sum_2, right, left_four(row_2, i));
        sum_3 = with_terms(sum_3, right, left_four(row_3, i));
      }
      if (ROWS > 16u) {
        sum_4 = with_terms(sum_4, right, left_four(row_4, i));
        sum_5 = with_terms(sum_5, right, left_four(row_5, i));
        sum_6 = with_terms(sum_6, right, left_four(row_6, i));
        sum_7 = with_terms(sum_7, right, left_four(row_7, i));
      }
    }
  }
  // One store in a loop: a kernel with eight takes longer to compile.
  for (var i = 0u; i < ROWS / 4u; i++) {
    var sums = sum_0;
    switch (i) {
      case 1u: { sums = sum_1; }
      case 2u: { sums = sum_2; }
      case 3u: { sums = sum_3; }
      case 4u: { sums = sum_4; }
      case 5u: { sums = sum_5; }
      case 6u: { sums = sum_6; }
      case 7u: { sums = sum_7; }
      default: {}
    }
    store(batch, first + 4u * i, lane, col, sums);
  }
}
