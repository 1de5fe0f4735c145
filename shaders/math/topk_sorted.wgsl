import package::lib::grid::linear_index;
import package::nn::along_axis::{ row_of, start_of };

// The first k elements of rows whose pairs of key and index are in order. x: [outer, C, inner];
// pairs: [rows, length], rows = outer * inner; values, indices: [outer, k, inner].

struct Dims {
  count: u32, // rows * k
  terms: u32, // C
  k: u32,
  inner: u32,
  length: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> values: array<u32>;
@group(0) @binding(3) var<storage, read_write> indices: array<u32>;
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let row = row_of(i, dims.k, dims.inner);
  let found = pairs[row * dims.length + i / dims.inner % dims.k].y;
  values[i] = x[start_of(row, dims.terms, dims.inner) + found * dims.inner];
  indices[i] = found;
}
