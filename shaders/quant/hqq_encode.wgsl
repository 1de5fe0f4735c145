// unpacked = codes of a weight with the scales and zeros of its groups, a byte each; the rest of the
// last word holds zeros. dequant = (code - zero) * scale. One invocation makes a word of four codes.

import package::lib::fours::end_of;
import package::lib::grid::linear_index;
import package::quant::hqq_groups::{ code_of, group_of, Groups };

struct Sizes {
  groups: Groups,
  count: u32,
  top: f32,
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> inverse: array<f32>;
@group(0) @binding(2) var<storage, read> scale: array<f32>;
@group(0) @binding(3) var<storage, read> zero: array<f32>;
@group(0) @binding(4) var<storage, read_write> unpacked: array<u32>;
@group(0) @binding(5) var<storage, read_write> dequant: array<f32>;
@group(0) @binding(6) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, 64u);
  let first = 4u * w;
  if (first >= sizes.count) {
    return;
  }
  var word = 0u;
  for (var i = first; i < end_of(first, sizes.count); i++) {
    let j = group_of(i, sizes.groups);
    let code = code_of(weight[i], inverse[j], zero[j], sizes.top);
    word |= u32(code) << (8u * (i - first));
    dequant[i] = (code - zero[j]) * scale[j];
  }
  unpacked[w] = word;
}
