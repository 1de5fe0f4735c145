import package::lib::grid::linear_index;

// Links the rows that carry the same id, in ascending order, so that a gradient can be summed in
// one fixed order without atomics. ids: [rows]; chain: [V + rows]. chain[v] is the first row with
// id v, chain[V + row] the next row after `row` with its id; `rows` ends. chain[v] of an id that no
// row has is left as embedding_heads wrote it. An id outside [0, V) counts as the nearest one, as
// in the forward pass. One invocation a row, which looks at the rows around it: rows^2 reads,
// whatever V is.

struct Dims {
  rows: u32,
  vocabulary: u32, // V
}

@group(0) @binding(0) var<storage, read> ids: array<i32>;
@group(0) @binding(1) var<storage, read_write> chain: array<u32>;
@group(0) @binding(2) var<uniform> dims: Dims;

const SIZE = 64u;

fn id_of(row: u32) -> u32 {
  return u32(clamp(ids[row], 0, i32(dims.vocabulary) - 1));
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= dims.rows) {
    return;
  }
  let id = id_of(row);
  var next = row + 1u;
  while (next != dims.rows && id_of(next) != id) {
    next++;
  }
  chain[dims.vocabulary + row] = next;
  var first = 0u;
  while (id_of(first) != id) {
    first++;
  }
  if (first == row) {
    chain[id] = row;
  }
}
