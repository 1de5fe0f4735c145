import package::lib::grid::linear_index;
import package::quant::gguf_blocks::{ four_of, group_at, place_of };

// y = what blocks of a format of GGUF stand for. packed: the blocks one after the other; y: their
// elements. One invocation makes eight.

struct Sizes {
  n: u32,
  elements: u32, // of a block
  bytes: u32, // of a block
}

@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let first = 8u * linear_index(group, groups, lane, 64u);
  if (first >= sizes.n) {
    return;
  }
  let at = first / sizes.elements * sizes.bytes;
  let e = first % sizes.elements;
  let of_eight = group_at(at, e);
  y[first / 4u] = four_of(of_eight, place_of(e));
  y[first / 4u + 1u] = four_of(of_eight, place_of(e + 4u));
}
