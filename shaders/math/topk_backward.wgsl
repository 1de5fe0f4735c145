import package::lib::grid::linear_index;
import package::nn::along_axis::{ row_of, start_of };

// dx at the places of the elements that were taken is what flows into them; dx holds zeros before,
// which stay elsewhere. dy, indices: [outer, k, inner]; dx: [outer, C, inner]. No place is taken
// twice. Elements travel as bits.

struct Dims {
  count: u32, // outer * k * inner
  terms: u32, // C
  k: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<u32>;
@group(0) @binding(1) var<storage, read> indices: array<u32>;
@group(0) @binding(2) var<storage, read_write> dx: array<u32>;
@group(0) @binding(3) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i < dims.count) {
    let row = row_of(i, dims.k, dims.inner);
    dx[start_of(row, dims.terms, dims.inner) + indices[i] * dims.inner] = dy[i];
  }
}
