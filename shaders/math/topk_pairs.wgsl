import package::lib::grid::linear_index;
import package::math::choice::choice_of;
import package::nn::along_axis::start_of;

// What a row is sorted by: pairs of an element's key and its index. x: [outer, C, inner]; pairs:
// [rows, length], rows = outer * inner, length a power of two; those past the last element come
// behind all others.

struct Dims {
  count: u32, // rows * length
  terms: u32, // C
  inner: u32,
  length: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(2) var<uniform> dims: Dims;

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
  let index = i % dims.length;
  let at = start_of(i / dims.length, dims.terms, dims.inner) + index * dims.inner;
  let exists = index < dims.terms;
  pairs[i] = select(vec2u(0u, 0xffffffffu), vec2u(choice_of(x[at]), index), exists);
}
