import package::lib::grid::linear_index;

// Rows that indices stand for: a negative one counts from the end. indices, rows: [count].

struct Dims {
  count: u32,
  size: u32, // rows that there are
}

@group(0) @binding(0) var<storage, read> indices: array<i32>;
@group(0) @binding(1) var<storage, read_write> rows: array<i32>;
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i < dims.count) {
    rows[i] = indices[i] + select(0, i32(dims.size), indices[i] < 0);
  }
}
