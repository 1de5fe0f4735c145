import package::lib::grid::linear_index;

// y = the transposes of `count` matrices of rows x columns, both whole fours; elements of 32 bits, as
// bits. An invocation has four rows of four columns: neighbours in a workgroup read and write 128
// bytes side by side, and none waits for another. 8 bytes moved an element.

struct Dims {
  count: u32,
  rows: u32, // of x, in fours
  columns: u32, // of x, in fours
}

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(2) var<uniform> dims: Dims;

/// A workgroup has so many fours of rows, and as many of columns.
const SIDE = 8u;

@compute @workgroup_size(SIDE, SIDE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_id) local: vec3u,
) {
  let across = (dims.columns + SIDE - 1u) / SIDE;
  let down = (dims.rows + SIDE - 1u) / SIDE;
  let tile = linear_index(group, groups, 0u, 1u);
  let matrix = tile / (across * down);
  let row = tile / across % down * SIDE + local.y;
  let column = tile % across * SIDE + local.x;
  if (matrix >= dims.count || row >= dims.rows || column >= dims.columns) {
    return;
  }
  let first = matrix * 4u * dims.rows * dims.columns;
  let source = first + 4u * row * dims.columns + column;
  let a = x[source];
  let b = x[source + dims.columns];
  let c = x[source + 2u * dims.columns];
  let d = x[source + 3u * dims.columns];
  let into = first + 4u * column * dims.rows + row;
  y[into] = vec4u(a.x, b.x, c.x, d.x);
  y[into + dims.rows] = vec4u(a.y, b.y, c.y, d.y);
  y[into + 2u * dims.rows] = vec4u(a.z, b.z, c.z, d.z);
  y[into + 3u * dims.rows] = vec4u(a.w, b.w, c.w, d.w);
}
