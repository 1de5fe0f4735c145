import package::lib::grid::linear_index;

// y = magnitude / norm * z + bias, column by column, float32: what DoRA makes of a linear's output,
// and of a gradient on the way back. z, y: [count / width, width]; magnitude, norm, bias: [width],
// bias or none. 3 flops and 8 bytes an element.

struct Dims {
  count: u32,
  width: u32,
  has_bias: u32,
}

@group(0) @binding(0) var<storage, read> z: array<f32>;
@group(0) @binding(1) var<storage, read> magnitude: array<f32>;
@group(0) @binding(2) var<storage, read> norm: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let col = i % dims.width;
  var scaled = magnitude[col] / norm[col] * z[i];
  if (dims.has_bias != 0u) {
    scaled += bias[col];
  }
  y[i] = scaled;
}
