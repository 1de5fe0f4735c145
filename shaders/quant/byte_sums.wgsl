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

// Whether rows are whole words.
override WHOLE: bool = false;

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
  let first = row * sizes.cols;
  let end = first + sizes.cols;
  var sums = vec4i();
  for (var w = first / 4u; 4u * w < end; w++) {
    let bytes = bitcast<vec4i>(vec4u(q[w]) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u);
    if (WHOLE) {
      sums += bytes;
    } else {
      let at = 4u * w + vec4u(0u, 1u, 2u, 3u);
      sums += select(vec4i(), bytes, (at >= vec4u(first)) & (at < vec4u(end)));
    }
  }
  y[sizes.first + row] = sums.x + sums.y + sums.z + sums.w;
}
