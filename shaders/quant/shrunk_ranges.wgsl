import package::lib::grid::linear_index;
import package::math::ordered::value_of;

// low[c, i] = share[i] * the minimum of channel c, high the same of its maximum. pairs: keys of the
// minimum and the maximum of each channel; share: `tried` floats; low, high: n floats.

struct Sizes {
  n: u32,
  tried: u32,
}

@group(0) @binding(0) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(1) var<storage, read> share: array<f32>;
@group(0) @binding(2) var<storage, read_write> low: array<f32>;
@group(0) @binding(3) var<storage, read_write> high: array<f32>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

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
  let pair = pairs[i / sizes.tried];
  low[i] = share[i % sizes.tried] * value_of(pair.x);
  high[i] = share[i % sizes.tried] * value_of(pair.y);
}
