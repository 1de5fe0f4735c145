// y[i] = scale where w[i] > threshold, -scale where w[i] < -threshold, else 0. w: n floats;
// threshold: one float for every `width` elements; scale: likewise for every `scale_width`, with
// SCALED, else 1; y: n floats.

import package::lib::grid::linear_index;

struct Sizes {
  n: u32,
  width: u32,
  scale_width: u32,
}

@group(0) @binding(0) var<storage, read> w: array<f32>;
@group(0) @binding(1) var<storage, read> threshold: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override SCALED: bool = false;

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
  let factor = select(1.0, scale[i / sizes.scale_width], SCALED);
  y[i] = select(0.0, sign(w[i]) * factor, abs(w[i]) > threshold[i / sizes.width]);
}
