// dw = dy, straight through the trits; with CLIP 0 where w lies beyond 1 or -1. dy, w, dw: n floats.

import package::lib::grid::linear_index;

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> w: array<f32>;
@group(0) @binding(2) var<storage, read_write> dw: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override CLIP: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= sizes.n) {
    return;
  }
  dw[i] = select(dy[i], 0.0, CLIP && abs(w[i]) > 1.0);
}
