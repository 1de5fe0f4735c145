import package::lib::grid::linear_index;
import package::lib::storage::held;
import package::quant::quanto_groups::{Groups, place};

// What Quanto scales a group's numbers by. With AFFINE scale = (max - min) / levels and shift = -min;
// else scale = max |x| / levels, and shift is what nothing reads. weight: floats; scale, shift: floats of
// each group; all is rounded to the weight's STORAGE f32, f16 or bf16 (0, 1, 2), each step of it, as
// torch does. One invocation reads a group.

struct Sizes {
  groups: Groups,
  @align(16) levels: f32,
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> shift: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override AFFINE: bool = false;
override STORAGE: u32 = 0u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let g = linear_index(group, groups, lane, 64u);
  if (g >= sizes.groups.count) {
    return;
  }
  let first = place(0u, g, sizes.groups);
  let end = place(sizes.groups.length, g, sizes.groups);
  let step = sizes.groups.cols;
  var lows = vec4f(weight[first]);
  var highs = lows;
  for (var i = first; i < end; i += 4u * step) {
    // The last of all again where a group has no four more.
    let at = min(i + vec4u(0u, 1u, 2u, 3u) * step, vec4u(end - step));
    let four = vec4f(weight[at.x], weight[at.y], weight[at.z], weight[at.w]);
    lows = min(lows, four);
    highs = max(highs, four);
  }
  let low = min(min(lows.x, lows.y), min(lows.z, lows.w));
  let high = max(max(highs.x, highs.y), max(highs.z, highs.w));
  let largest = max(high, -low);
  let range = select(largest, held(vec4f(high - low, vec3f()), STORAGE).x, AFFINE);
  // A quotient of zero may be off by denormals.
  let quotient = select(range / sizes.levels, 0.0, range == 0.0);
  scale[g] = held(vec4f(quotient, vec3f()), STORAGE).x;
  shift[g] = -low;
}
