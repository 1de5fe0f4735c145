import package::lib::grid::linear_index;
import package::math::ordered::{key_of, value_of};

// A range joined with the one before it, which `before` and `until` hold: the smaller minimum and the
// larger maximum or, AVERAGED, each moved by a share of its distance. RUNNING is false of a first
// batch. pairs: keys of the minimum and the maximum of each channel; low, high: floats.

struct Sizes {
  n: u32,
  share: f32,
}

@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<storage, read> before: array<u32>;
@group(0) @binding(2) var<storage, read> until: array<u32>;
@group(0) @binding(3) var<storage, read_write> low: array<f32>;
@group(0) @binding(4) var<storage, read_write> high: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

override RUNNING: bool = false;
override AVERAGED: bool = false;

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
  var pair = pairs[i];
  if (RUNNING && !AVERAGED) {
    pair = vec2u(min(pair.x, key_of(before[i], false)), max(pair.y, key_of(until[i], false)));
  }
  var range = vec2f(value_of(pair.x), value_of(pair.y));
  if (RUNNING && AVERAGED) {
    let old = bitcast<vec2f>(vec2u(before[i], until[i]));
    range = old + sizes.share * (range - old);
  }
  low[i] = range.x;
  high[i] = range.y;
}
