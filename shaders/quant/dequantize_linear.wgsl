import package::lib::grid::linear_index;
import package::quant::linear_scale::{integer_of, Scales, scale_index};

// y = (q - zero_point) * scale. q: integers of BITS bits, and zero_point, of the same type, and
// scale, floats, as Scales has them; y: floats.

@group(0) @binding(0) var<storage, read> q: array<u32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> zero_point: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> scales: Scales;

override HAS_ZERO_POINT: bool = false;
override BITS: u32 = 8u;
override SIGNED: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= scales.count) {
    return;
  }
  let at = scale_index(i, scales);
  var level = integer_of(q[i * BITS / 32u], i, BITS, SIGNED);
  if (HAS_ZERO_POINT) {
    level -= integer_of(zero_point[at * BITS / 32u], at, BITS, SIGNED);
  }
  y[i] = f32(level) * scale[at];
}
