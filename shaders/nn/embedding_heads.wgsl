import package::lib::grid::linear_index;

// chain[v] = rows for every v: no row with id v is known. chain: [V + rows]; embedding_chain writes
// what there is.

struct Dims {
  rows: u32,
  vocabulary: u32, // V
}

@group(0) @binding(0) var<storage, read_write> chain: array<u32>;
@group(0) @binding(1) var<uniform> dims: Dims;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let id = linear_index(group, groups, lane, SIZE);
  if (id < dims.vocabulary) {
    chain[id] = dims.rows;
  }
}
