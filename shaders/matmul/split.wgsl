import package::left::{ left_at, left_four };
import package::lib::grid::linear_index;
import package::matmul::product::{ batch_at, dims, fours_of_terms, store_four };
import package::right::{ right_at, right_block, right_from, right_runs_along_terms };

// A tile of a product (package::matmul::product) for results too small to keep a GPU busy by tiles
// of whole sums: a workgroup computes ROWS rows x 16 columns of y, and 64 invocations share the terms
// of four columns, eight in turn. 2 m n k flops a batch.

// 4, or 1 where y has one row.
override ROWS: u32 = 4u;

const BLOCKS = 4u;  // of four columns
const PARTS = 64u;  // of a sum
const SUMS = BLOCKS * PARTS;

// What each part of each block of columns has, a row after another.
var<workgroup> parts: array<vec4f, ROWS * SUMS>;

@compute @workgroup_size(BLOCKS * PARTS)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let tile = linear_index(group, groups, 0u, 1u);
  let row = (tile / dims.tiles) * ROWS;
  // Neighbours load neighbours along the dimension that is dense in memory.
  let dense = right_runs_along_terms();
  let block = select(local % BLOCKS, local / PARTS, dense);
  let part = select(local / BLOCKS, local % PARTS, dense);
  let col = (tile % dims.tiles) * (4u * BLOCKS) + 4u * block;
  let batch = batch_at(group.z);
  // Rows and columns past the end read what they find; their sums are not stored.
  let row_0 = left_at(batch.left, row);
  let row_1 = left_at(batch.left, row + 1u);
  let row_2 = left_at(batch.left, row + 2u);
  let row_3 = left_at(batch.left, row + 3u);
  let columns = right_at(batch.right, col);
  var sum = mat4x4f();
  let fours = fours_of_terms();
  // Two fours, then those of the next eight of this part.
  for (var i = 2u * part; i < fours; i += select(1u, 2u * PARTS - 1u, i % 2u == 1u)) {
    let terms = right_block(right_from(columns, i / 2u), i / 2u, i % 2u);
    sum[0] += left_four(row_0, i) * terms;
    if (ROWS > 1u) {
      sum[1] += left_four(row_1, i) * terms;
      sum[2] += left_four(row_2, i) * terms;
      sum[3] += left_four(row_3, i) * terms;
    }
  }
  let at = part * BLOCKS + block;
  put(at, sum);
  // Six levels; in each, the second half of the parts is added to the first.
  for (var distance = PARTS / 2u; distance > 0u; distance /= 2u) {
    workgroupBarrier();
    if (part < distance) {
      let other = at + distance * BLOCKS;
      sum[0] += parts[other];
      if (ROWS > 1u) {
        sum[1] += parts[other + SUMS];
        sum[2] += parts[other + 2u * SUMS];
        sum[3] += parts[other + 3u * SUMS];
      }
      put(at, sum);
    }
  }
  workgroupBarrier();
  // A part for each row.
  if (part < ROWS) {
    store_four(batch, row + part, col, parts[block + part * SUMS]);
  }
}

fn put(at: u32, sum: mat4x4f) {
  parts[at] = sum[0];
  if (ROWS > 1u) {
    parts[at + SUMS] = sum[1];
    parts[at + 2u * SUMS] = sum[2];
    parts[at + 3u * SUMS] = sum[3];
  }
}
