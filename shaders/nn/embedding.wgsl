import package::lib::grid::linear_index;

// y[row] = weight[ids[row]]: a gather of rows. weight: [V, D], ids: [rows], y: [rows, D]; 2 * rows
// * D * 4 bytes moved. Elements travel as bits, so a copy is exact whatever they hold. An id
// outside [0, V) reads the nearest row.

struct Dims {
  count: u32, // rows * D
  width: u32, // D
  vocabulary: u32, // V
}

@group(0) @binding(0) var<storage, read> weight: array<u32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
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
  let row = i / dims.width;
  let id = u32(clamp(ids[row], 0, i32(dims.vocabulary) - 1));
  y[i] = weight[id * dims.width + i % dims.width];
}
