// y = q * (absmax of its row / 127). q: n signed bytes in rows of `cols`; absmax: one float a row; y: n
// floats. One invocation turns WORDS words into 4 floats each.

import package::lib::bytes::{ high_bytes, signed };
import package::lib::grid::{ MANY, linear_index };

struct Sizes {
  n: u32,
  cols: u32,
}

@group(0) @binding(0) var<storage, read> q: array<u32>;
@group(0) @binding(1) var<storage, read> absmax: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

// Whether all elements of an invocation are always of one row.
override SHARED: bool = false;
override WORDS: u32 = 1u; // or 4

// 1/127 to nearest.
const STEP = 7.874015718698502e-3;

/// What codes of the row of element `i` are multiplied by: first, so that nothing overflows.
fn scale_at(i: u32) -> f32 {
  return absmax[i / sizes.cols] * STEP;
}

/// What the codes of word `w` are multiplied by; `scale` is that of the first.
fn scales_at(w: u32, scale: f32) -> vec4f {
  if (SHARED) {
    return vec4f(scale);
  }
  return vec4f(scale, scale_at(4u * w + 1u), scale_at(4u * w + 2u), scale_at(4u * w + 3u));
}

fn decode(w: u32, scale: f32) {
  let four = signed(high_bytes(q[w])) * scales_at(w, scale);
  if (SHARED || 4u * w + 3u < sizes.n) {
    y[w] = four;
  } else {
    for (var k = 0u; 4u * w + k < sizes.n; k++) {
      y[w][k] = four[k];
    }
  }
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = WORDS * linear_index(group, groups, local, MANY);
  if (4u * w >= sizes.n) {
    return;
  }
  let scale = scale_at(4u * w);
  decode(w, scale);
  if (WORDS > 1u) { // four, and no loop, which costs a processor as much as the floats
    decode(w + 1u, scale);
    decode(w + 2u, scale);
    decode(w + 3u, scale);
  }
}
