import package::lib::grid::linear_index;

// Of each channel the range whose error is least, the first of equal ones. error, low, high:
// [channels, tried] floats; min_val, max_val: a float for each channel.

struct Sizes {
  channels: u32,
  tried: u32,
}

@group(0) @binding(0) var<storage, read> error: array<f32>;
@group(0) @binding(1) var<storage, read> low: array<f32>;
@group(0) @binding(2) var<storage, read> high: array<f32>;
@group(0) @binding(3) var<storage, read_write> min_val: array<f32>;
@group(0) @binding(4) var<storage, read_write> max_val: array<f32>;
@group(0) @binding(5) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let channel = linear_index(group, groups, lane, 64u);
  if (channel >= sizes.channels) {
    return;
  }
  var best = channel * sizes.tried;
  for (var i = best; i < (channel + 1u) * sizes.tried; i++) {
    if (error[i] < error[best]) {
      best = i;
    }
  }
  min_val[channel] = low[best];
  max_val[channel] = high[best];
}
