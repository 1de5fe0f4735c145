import package::lib::grid::linear_index;

// partial[c, p, i] = the sum of the squared errors, in steps of the first range, that codes by the
// scale and zero point i of channel c leave in part p of its terms. x: floats, in which the terms of
// a channel lie in runs of `inner`, one of each of `channels` in turn; scale, zero_point: [channels, 4
// * fours] floats and signed bytes; partial: [channels, parts, 4 * fours] floats. An invocation takes every
// parts-th term, and four ranges, so that it loads x once for them.

struct Sizes {
  channels: u32,
  parts: u32,
  fours: u32,
  terms: u32,
  inner: u32,
  first: f32,
  last: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> scale: array<vec4f>;
@group(0) @binding(2) var<storage, read> zero_point: array<u32>;
@group(0) @binding(3) var<storage, read_write> partial: array<vec4f>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

fn zeros_of(word: u32) -> vec4f {
  return vec4f(bitcast<vec4i>(vec4u(word) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = i / sizes.fours;
  if (row >= sizes.channels * sizes.parts) {
    return;
  }
  let channel = row / sizes.parts;
  let four = channel * sizes.fours + i % sizes.fours;
  let steps = scale[four];
  let zeros = zeros_of(zero_point[four]);
  let unit = 1.0 / scale[channel * sizes.fours].x;
  var sum = vec4f();
  for (var term = row % sizes.parts; term < sizes.terms; term += sizes.parts) {
    let run = term / sizes.inner * sizes.channels + channel;
    let value = vec4f(x[run * sizes.inner + term % sizes.inner]);
    let codes = clamp(round(value / steps) + zeros, vec4f(sizes.first), vec4f(sizes.last));
    let off = (value - (codes - zeros) * steps) * unit;
    sum += off * off;
  }
  partial[i] = sum;
}
