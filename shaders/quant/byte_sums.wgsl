import package::lib::grid::linear_index;

// y[first + r] = the sum of row r of q, signed bytes [rows, cols]; y: integers. One invocation reads a row,
// word by word, the first and the last in part.

struct Sizes {
  rows: u32,
  cols: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read> q: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, 64u);
  if (row >= sizes.rows) {
    return;
  }
  let end = (row + 1u) * sizes.cols;
  var sum = 0;
  for (var i = row * sizes.cols; i < end; ) {
    let next = min(i / 4u * 4u + 4u, end);
    let word = bitcast<i32>(q[i / 4u]);
    for (; i < next; i++) {
      sum += extractBits(word, 8u * (i & 3u), 8u);
    }
  }
  y[sizes.first + row] = sum;
}
