import package::lib::grid::linear_index;
import package::quant::linear_scale::{four_integers_of, four_scale_indices, integer_of, Scales, scale_index};

// y = (q - zero_point) * scale. q: integers of BITS bits, and zero_point, of the same type, and
// scale, floats, as Scales has them; y: floats. One invocation has EACH elements, whole fours.

@group(0) @binding(0) var<storage, read> q: array<u32>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read> zero_point: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<uniform> scales: Scales;

override HAS_ZERO_POINT: bool = false;
override BITS: u32 = 8u;
override SIGNED: bool = false;
// Whether all elements of an invocation have one scale, or scales side by side: to find one takes
// longer than to use it.
override SHARED: bool = false;
override ADJACENT: bool = false;
override EACH: u32 = 4u;
// Whether elements are whole fours.
override WHOLE: bool = false;

fn zero_of(at: u32) -> i32 {
  return integer_of(zero_point[at * BITS / 32u], at, BITS, SIGNED);
}

/// Levels of elements i to i + 3, as they are stored.
fn four_levels(i: u32) -> vec4i {
  if (BITS == 32u) {
    return bitcast<vec4i>(vec4u(q[i], q[i + 1u], q[i + 2u], q[i + 3u]));
  }
  return four_integers_of(q[i * BITS / 32u], i, BITS, SIGNED);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let begin = EACH * linear_index(group, groups, lane, 64u);
  let first = scale_index(begin, scales);
  var line = vec4f();
  var zeros = vec4i();
  if (SHARED) {
    line = vec4f(scale[first]);
    if (HAS_ZERO_POINT) {
      zeros = vec4i(zero_of(first));
    }
  }
  for (var i = begin; i < min(begin + EACH, scales.count); i += 4u) {
    if (!SHARED) {
      let at = four_scale_indices(i, begin, first, ADJACENT, scales);
      line = vec4f(scale[at.x], scale[at.y], scale[at.z], scale[at.w]);
      if (HAS_ZERO_POINT) {
        zeros = vec4i(zero_of(at.x), zero_of(at.y), zero_of(at.z), zero_of(at.w));
      }
    }
    let values = vec4f(four_levels(i) - zeros) * line;
    y[i] = values.x;
    if (WHOLE || i + 1u < scales.count) {
      y[i + 1u] = values.y;
    }
    if (WHOLE || i + 2u < scales.count) {
      y[i + 2u] = values.z;
    }
    if (WHOLE || i + 3u < scales.count) {
      y[i + 3u] = values.w;
    }
  }
}
