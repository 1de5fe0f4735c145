import package::lib::bytes::{ high_bytes, signed };
import package::lib::grid::linear_index;
import package::matmul::byte_rows::{ columns_at, dims, row_at, store_four, word_of_a, word_of_b };
import package::matmul::quads::{ added, from_quad };

// A tile of a product of signed bytes (package::matmul::byte_rows) for adapters where a load costs more
// than arithmetic, and that of floats least: bytes, their products and the sum of 1024 of these are
// exact floats. Each lane of a quad loads rows and columns of its own, and the rows go round the quad.
// A quad computes ROWS rows x 16 columns, a lane all rows of 4 columns.
enable subgroups;

// 16, or 8 or 4 where y has no more rows than that.
override ROWS: u32 = 16u;

// Terms whose products are added up as floats.
const TERMS = 1024u;

// Four terms of a row of each lane.
fn rows_at(at: u32) -> mat4x4f {
  return from_quad(signed(high_bytes(word_of_a(at))));
}

fn store(first: u32, lane: u32, col: u32, sums: mat4x4f, more: bool) {
  let rows = transpose(sums);
  for (var i = 0u; i < 4u; i++) {
    store_four(first + (lane ^ i), col, vec4i(rows[i]), more);
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
  let tiles = (dims.n + 15u) / 16u;
  // Tiles past the end compute what is not stored: every lane of a quad must stay until the end.
  let first = tile / tiles * ROWS;
  let row_0 = row_at(first + lane);
  let row_1 = row_at(first + lane + 4u);
  let row_2 = row_at(first + lane + 8u);
  let row_3 = row_at(first + lane + 12u);
  let col = tile % tiles * 16u + 4u * lane;
  let columns = columns_at(col);
  var start = 0u;
  loop {
    var sum_0 = mat4x4f();
    var sum_1 = mat4x4f();
    var sum_2 = mat4x4f();
    var sum_3 = mat4x4f();
    let end = min(start + TERMS, dims.k);
    for (var k = start; k < end; k += 4u) {
      let right = mat4x4f(
        signed(high_bytes(word_of_b(columns.x, k))),
        signed(high_bytes(word_of_b(columns.y, k))),
        signed(high_bytes(word_of_b(columns.z, k))),
        signed(high_bytes(word_of_b(columns.w, k))),
      );
      sum_0 = added(sum_0, right, rows_at(row_0 + k));
      if (ROWS > 4u) {
        sum_1 = added(sum_1, right, rows_at(row_1 + k));
      }
      if (ROWS > 8u) {
        sum_2 = added(sum_2, right, rows_at(row_2 + k));
        sum_3 = added(sum_3, right, rows_at(row_3 + k));
      }
    }
    // One store in a loop: a kernel with four takes longer to compile.
    for (var i = 0u; i < ROWS / 4u; i++) {
      var sums = sum_0;
      switch (i) {
        case 1u: { sums = sum_1; }
        case 2u: { sums = sum_2; }
        case 3u: { sums = sum_3; }
        default: {}
      }
      store(first + 4u * i, lane, col, sums, start > 0u);
    }
    start = end;
    if (start >= dims.k) {
      break;
    }
  }
}
