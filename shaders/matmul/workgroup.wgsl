import package::left::{ left_at, left_four, left_runs_along_terms };
import package::lib::grid::linear_index;
import package::matmul::product::{ Batch, batch_at, dims, fours_of_terms, store_four };
import package::right::{ right_at, right_block, right_from, right_runs_along_terms };

// A tile of a product (package::matmul::product) through workgroup memory, as a GPU of its own wants
// it: a workgroup computes TILE x TILE of y and reads A and B in slabs of FOURS times four terms;
// each invocation keeps SPAN x SPAN blocks of 4 x 4, which lie apart, and brings one block of A or of
// B to each slab. 2 m n k flops a batch.

// 32 or 64.
override TILE: u32 = 64u;
// 2 where there are many tiles, so that a number that is read from a slab is used eight times; else 1.
override SPAN: u32 = 1u;
// TILE / (8 SPAN SPAN): as many blocks in two slabs as invocations.
override FOURS: u32 = 8u;

// The numbers of a term for TILE rows of A, or columns of B, four by four.
var<workgroup> slab_a: array<vec4f, TILE * FOURS>;
var<workgroup> slab_b: array<vec4f, TILE * FOURS>;

// A block of a slab, in blocks of rows or columns and of terms: neighbours load neighbours along the
// dimension that is dense in memory.
fn block_of(i: u32, dense_terms: bool) -> vec2u {
  return select(vec2u(i % (TILE / 4u), i / (TILE / 4u)), vec2u(i / FOURS, i % FOURS), dense_terms);
}

// Where a slab has rows or columns 4 x to 4 x + 3 of the terms from 4 t on, so that neighbours along
// x and along t meet no bank twice.
fn place_of(t: u32, x: u32) -> u32 {
  return t * TILE + (x ^ (t * 8u / FOURS));
}

// A term of four rows in each column.
fn terms_of_rows(batch: Batch, row: u32, four: u32) -> mat4x4f {
  return transpose(mat4x4f(
    left_four(left_at(batch.left, row), four),
    left_four(left_at(batch.left, row + 1u), four),
    left_four(left_at(batch.left, row + 2u), four),
    left_four(left_at(batch.left, row + 3u), four),
  ));
}

// A term of four columns in each column.
fn terms_of_columns(batch: Batch, col: u32, four: u32) -> mat4x4f {
  let columns = right_from(right_at(batch.right, col), four / 2u);
  return transpose(right_block(columns, four / 2u, four % 2u));
}

// What a term adds to a block of y.
fn add_term(sum: mat4x4f, left: vec4f, right: vec4f) -> mat4x4f {
  return mat4x4f(
    left.x * right + sum[0],
    left.y * right + sum[1],
    left.z * right + sum[2],
    left.w * right + sum[3],
  );
}

fn store_block(batch: Batch, row: u32, col: u32, sum: mat4x4f) {
  for (var i = 0u; i < 4u; i++) {
    store_four(batch, row + i, col, sum[i]);
  }
}

@compute @workgroup_size(TILE / (4u * SPAN) * (TILE / (4u * SPAN)))
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let across = TILE / (4u * SPAN);
  let blocks = TILE / 4u * FOURS; // of a slab
  let batch = batch_at(group.z);
  // Tiles past the end compute what is not stored: every invocation must reach the barriers.
  let tile = linear_index(group, groups, 0u, 1u);
  let first_col = (tile % dims.tiles) * TILE;
  let first_row = (tile / dims.tiles) * TILE;
  let of_rows = local < blocks;
  let own = block_of(local % blocks, select(right_runs_along_terms(), left_runs_along_terms(), of_rows));
  let x = local % across;
  let y = local / across;
  var sum = mat4x4f();
  // Where SPAN is 2: the block to the right, the one below, and the one below to the right.
  var sum_right = mat4x4f();
  var sum_below = mat4x4f();
  var sum_last = mat4x4f();
  let fours = fours_of_terms();
  for (var first = 0u; first < fours; first += FOURS) {
    let four = first + own.y;
    // Zeros past the end, so that a slab has as many terms as the compiler knows.
    var terms = mat4x4f();
    let place = place_of(own.y, own.x);
    if (of_rows) {
      if (four < fours) {
        terms = terms_of_rows(batch, first_row + 4u * own.x, four);
      }
      for (var j = 0u; j < 4u; j++) {
        slab_a[place + j * (TILE / 4u)] = terms[j];
      }
    } else {
      if (four < fours) {
        terms = terms_of_columns(batch, first_col + 4u * own.x, four);
      }
      for (var j = 0u; j < 4u; j++) {
        slab_b[place + j * (TILE / 4u)] = terms[j];
      }
    }
    workgroupBarrier();
    for (var t = 0u; t < FOURS; t++) {
      for (var j = 0u; j < 4u; j++) {
        let left = slab_a[place_of(t, y) + j * (TILE / 4u)];
        let right = slab_b[place_of(t, x) + j * (TILE / 4u)];
        sum = add_term(sum, left, right);
        if (SPAN > 1u) {
          let next_left = slab_a[place_of(t, y + across) + j * (TILE / 4u)];
          let next_right = slab_b[place_of(t, x + across) + j * (TILE / 4u)];
          sum_right = add_term(sum_right, left, next_right);
          sum_below = add_term(sum_below, next_left, right);
          sum_last = add_term(sum_last, next_left, next_right);
        }
      }
    }
    workgroupBarrier();
  }
  let row = first_row + 4u * y;
  let col = first_col + 4u * x;
  store_block(batch, row, col, sum);
  if (SPAN > 1u) {
    store_block(batch, row, col + 4u * across, sum_right);
    store_block(batch, row + 4u * across, col, sum_below);
    store_block(batch, row + 4u * across, col + 4u * across, sum_last);
  }
}
