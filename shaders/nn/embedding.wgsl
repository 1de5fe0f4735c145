import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// y[row] = weight[ids[row]]: a gather of rows. weight: [V, D], ids: [rows], y: [rows, D]; 2 * rows
// * D * 4 bytes moved. Elements travel as bits, so a copy is exact whatever they hold. An id
// outside [0, V) reads the nearest row. Four elements an invocation.

struct Dims {
  count: u32, // rows * D
  width: u32, // D
  vocabulary: u32, // V
}

@group(0) @binding(0) var<storage, read> weight: array<u32>;
@group(0) @binding(1) var<storage, read> ids: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> dims: Dims;

// Whether each four lie in one row.
override FOURS: bool = false;

// Where element `i` of y comes from.
fn source(i: u32) -> u32 {
  let id = u32(clamp(ids[i / dims.width], 0, i32(dims.vocabulary) - 1));
  return id * dims.width + i % dims.width;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 4u * linear_index(group, groups, lane, MANY);
  if (i >= dims.count) {
    return;
  }
  if (FOURS) {
    let first = source(i);
    y[i] = weight[first];
    y[i + 1u] = weight[first + 1u];
    y[i + 2u] = weight[first + 2u];
    y[i + 3u] = weight[first + 3u];
    return;
  }
  for (var c = i; c < end_of(i, dims.count); c++) {
    y[c] = weight[source(c)];
  }
}
