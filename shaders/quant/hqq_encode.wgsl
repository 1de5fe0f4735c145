// unpacked = codes of a weight with the scales and zeros of its groups, a byte each; the rest of the
// last word holds zeros. dequant = (code - zero) * scale. One invocation makes a word of four codes.

import package::lib::fours::{ end_of, inside };
import package::lib::grid::{ MANY, linear_index };
import package::lib::whole::whole_bits;
import package::quant::hqq_groups::{ codes_of, groups_of, Groups };

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

// Whether four elements are always of one group: to find others takes longer than all the rest.
override SHARED: bool = false;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, MANY);
  let first = 4u * w;
  if (first >= sizes.count) {
    return;
  }
  let i = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(sizes.count - 1u));
  var j = vec4u(first / sizes.groups.size);
  if (!SHARED) {
    j = groups_of(i, sizes.groups);
  }
  let x = vec4f(weight[i.x], weight[i.y], weight[i.z], weight[i.w]);
  let factor = vec4f(inverse[j.x], inverse[j.y], inverse[j.z], inverse[j.w]);
  let shift = vec4f(zero[j.x], zero[j.y], zero[j.z], zero[j.w]);
  let code = codes_of(x, factor, shift, sizes.top);
  let bytes = select(vec4u(), (whole_bits(code) & vec4u(255u)) << vec4u(0u, 8u, 16u, 24u), inside(w, sizes.count));
  unpacked[w] = bytes.x | bytes.y | bytes.z | bytes.w;
  let y = (code - shift) * vec4f(scale[j.x], scale[j.y], scale[j.z], scale[j.w]);
  for (var k = first; k < end_of(first, sizes.count); k++) {
    dequant[k] = y[k - first];
  }
}
