// y = q * (absmax of its row / 127). q: n signed bytes in rows of `cols`; absmax: one float a row; y: n
// floats. One invocation turns a word into 4 floats.

import package::lib::grid::linear_index;

struct Sizes {
  n: u32,
  cols: u32,
}

@group(0) @binding(0) var<storage, read> q: array<u32>;
@group(0) @binding(1) var<storage, read> absmax: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

// 1/127 to nearest.
const STEP = 7.874015718698502e-3;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, 64u);
  let first = w * 4u;
  if (first >= sizes.n) {
    return;
  }
  let left = min(sizes.n - first, 4u);
  var row = first / sizes.cols;
  var col = first % sizes.cols;
  var scale = absmax[row] * STEP; // first, so that nothing overflows
  var four = vec4f();
  for (var k = 0u; k < left; k++) {
    if (col == sizes.cols) {
      col = 0u;
      row += 1u;
      scale = absmax[row] * STEP;
    }
    four[k] = f32(extractBits(bitcast<i32>(q[w]), 8u * k, 8u)) * scale;
    col += 1u;
  }
  if (left == 4u) {
    y[w] = four;
  } else {
    for (var k = 0u; k < left; k++) {
      y[w][k] = four[k];
    }
  }
}
