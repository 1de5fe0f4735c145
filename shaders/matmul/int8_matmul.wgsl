import package::dots::{ Bytes, bytes_of, dot_of };
import package::lib::grid::linear_index;
import package::matmul::byte_rows::{ columns_at, dims, row_at, store_four, word_of_a, word_of_b };

// A tile of a product of signed bytes (package::matmul::byte_rows) that runs everywhere: an invocation
// makes ROWS x 4 elements; for four terms of each it reads ROWS + 4 words, twice as many where rows
// are not aligned.

// 4, or 1 where y has one row.
override ROWS: u32 = 4u;

fn products(a: Bytes, b0: Bytes, b1: Bytes, b2: Bytes, b3: Bytes) -> vec4i {
  return vec4i(dot_of(a, b0), dot_of(a, b1), dot_of(a, b2), dot_of(a, b3));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linear_index(group, groups, local, 64u);
  let tiles = (dims.n + 3u) / 4u;
  let row = tile / tiles * ROWS;
  let col = tile % tiles * 4u;
  let row_0 = row_at(row);
  let row_1 = row_at(row + 1u);
  let row_2 = row_at(row + 2u);
  let row_3 = row_at(row + 3u);
  let columns = columns_at(col);
  var sums = array<vec4i, 4>();
  for (var k = 0u; k < dims.k; k += 4u) {
    let b0 = bytes_of(word_of_b(columns.x, k));
    let b1 = bytes_of(word_of_b(columns.y, k));
    let b2 = bytes_of(word_of_b(columns.z, k));
    let b3 = bytes_of(word_of_b(columns.w, k));
    sums[0] += products(bytes_of(word_of_a(row_0 + k)), b0, b1, b2, b3);
    if (ROWS > 1u) {
      sums[1] += products(bytes_of(word_of_a(row_1 + k)), b0, b1, b2, b3);
      sums[2] += products(bytes_of(word_of_a(row_2 + k)), b0, b1, b2, b3);
      sums[3] += products(bytes_of(word_of_a(row_3 + k)), b0, b1, b2, b3);
    }
  }
  // Of one row the others lie past the last, and are not stored.
  store_four(row, col, sums[0], false);
  store_four(row + 1u, col, sums[1], false);
  store_four(row + 2u, col, sums[2], false);
  store_four(row + 3u, col, sums[3], false);
}
