// y[i] = trit i * scale. packed: two bits a code, four a byte, the first in bits 0-1; scale: one
// float; y: n floats. One invocation turns a word into 16 floats.

import package::lib::grid::linear_index;

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

/// Stores four floats, those of the lowest byte of `codes`, at `i` of y as far as it has them.
fn store(i: u32, codes: u32) {
  let trits = vec4f(vec4i((vec4u(codes) >> vec4u(0u, 2u, 4u, 6u)) & vec4u(3u)) - vec4i(1));
  let four = trits * scale[0];
  if (i < sizes.n / 4u) {
    y[i] = four;
  } else {
    for (var c = 0u; 4u * i + c < sizes.n; c++) {
      y[i][c] = four[c];
    }
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, 64u);
  if (16u * w >= sizes.n) {
    return;
  }
  let word = packed[w];
  store(4u * w, word);
  store(4u * w + 1u, word >> 8u);
  store(4u * w + 2u, word >> 16u);
  store(4u * w + 3u, word >> 24u);
}
