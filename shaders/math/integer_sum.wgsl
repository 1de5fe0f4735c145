import package::lib::grid::linear_index;
import package::math::reduction::{dims, part_of, place, start_of};

// y = sum of integers of 32 bits along some axes, or with several parts the sums of those; what
// overflows wraps.

@group(0) @binding(0) var<storage, read> x: array<i32>;
@group(0) @binding(1) var<storage, read_write> y: array<i32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count * dims.parts) {
    return;
  }
  let start = start_of(i);
  var sum = 0;
  for (var term = part_of(i); term < dims.terms; term += dims.parts) {
    sum += x[start + place(term, dims.kept)];
  }
  y[i] = sum;
}
