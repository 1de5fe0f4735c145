// What HQQ begins with: a group's codes go from its least element, 0, to its largest, `top`.
// inverse = top * (1 / (max - min)), as torch divides a number by a tensor, 1 where they are hardly
// apart, at most 20,000; scale = 1 / inverse; zero = -min * inverse, which ROUND_ZERO rounds half to
// even. One invocation takes a group.

import package::lib::grid::linear_index;
import package::quant::hqq_groups::Groups;

struct Range {
  groups: Groups,
  top: f32,
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read_write> inverse: array<f32>;
@group(0) @binding(2) var<storage, read_write> scale: array<f32>;
@group(0) @binding(3) var<storage, read_write> zero: array<f32>;
@group(0) @binding(4) var<uniform> range: Range;

override ROUND_ZERO: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let j = linear_index(group, groups, local, 64u);
  if (j >= range.groups.count) {
    return;
  }
  let first = j * range.groups.across;
  var low = weight[first];
  var high = low;
  for (var k = 1u; k < range.groups.size; k++) {
    let x = weight[first + k * range.groups.along];
    low = min(low, x);
    high = max(high, x);
  }
  let span = high - low;
  var factor = 1.0;
  if (span > 1e-4) {
    factor = min(range.top * (1.0 / span), 2e4);
  }
  let start = -low * factor;
  inverse[j] = factor;
  scale[j] = 1.0 / factor;
  zero[j] = select(start, round(start), ROUND_ZERO);
}
