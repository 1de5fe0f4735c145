import package::lib::grid::linear_index;

// dweight[v] = sum of dy[row] over the rows whose id is v, in ascending order of rows:
// deterministic; 0 for the row `padding`. dy: [rows, D], dweight: [V, D]. `chain` comes from
// embedding_chain. rows * D additions.

struct Dims {
  count: u32, // V * D
  width: u32, // D
  rows: u32,
  vocabulary: u32, // V
  padding: u32,    // V for none
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> chain: array<u32>;
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, SIZE);
  if (i >= dims.count) {
    return;
  }
  let id = i / dims.width;
  let column = i % dims.width;
  var sum = 0.0;
  var row = select(chain[id], dims.rows, id == dims.padding);
  while (row != dims.rows) {
    sum += dy[row * dims.width + column];
    row = chain[dims.vocabulary + row];
  }
  dweight[i] = sum;
}
