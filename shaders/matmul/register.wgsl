import package::left::{ left_at, left_four };
import package::lib::grid::linear_index;
import package::matmul::product::{ batch_at, dims, fours_of_terms, store_four };
import package::right::{ right_at, right_block, right_eights, right_from };

// A tile of a product (package::matmul::product) that runs everywhere: each invocation keeps ROWS
// rows x 4 columns of y in registers and takes eight terms a step. 2 m n k flops a batch.

// 4, or 1 where y has one row.
override ROWS: u32 = 4u;
// Invocations of a workgroup.
override LANES: u32 = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_index(group, groups, lane, LANES);
  let row = (tile / dims.tiles) * ROWS;
  let col = (tile % dims.tiles) * 4u;
  let batch = batch_at(group.z);
  // Rows and columns past the end read what they find; their sums are not stored.
  let row_0 = left_at(batch.left, row);
  let row_1 = left_at(batch.left, row + 1u);
  let row_2 = left_at(batch.left, row + 2u);
  let row_3 = left_at(batch.left, row + 3u);
  let columns = right_at(batch.right, col);
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  let fours = fours_of_terms();
  for (var first = 0u; 2u * first < fours; first += right_eights()) {
    let part = right_from(columns, first);
    let end = min(first + right_eights(), (fours + 1u) / 2u);
    for (var e = first; e < end; e++) {
      let low = right_block(part, e, 0u);
      let i = 2u * e;
      sum_0 = left_four(row_0, i) * low + sum_0;
      if (ROWS > 1u) {
        sum_1 = left_four(row_1, i) * low + sum_1;
        sum_2 = left_four(row_2, i) * low + sum_2;
        sum_3 = left_four(row_3, i) * low + sum_3;
      }
      // The last eight may be half an eight.
      if (i + 1u < fours) {
        let high = right_block(part, e, 1u);
        sum_0 = left_four(row_0, i + 1u) * high + sum_0;
        if (ROWS > 1u) {
          sum_1 = left_four(row_1, i + 1u) * high + sum_1;
          sum_2 = left_four(row_2, i + 1u) * high + sum_2;
          sum_3 = left_four(row_3, i + 1u) * high + sum_3;
        }
      }
    }
  }
  // One store in a loop: a kernel with four takes longer to compile.
  for (var i = 0u; i < ROWS; i++) {
    var sums = sum_0;
    switch (i) {
      case 1u: { sums = sum_1; }
      case 2u: { sums = sum_2; }
      case 3u: { sums = sum_3; }
      default: {}
    }
    store_four(batch, row + i, col, sums);
  }
}
