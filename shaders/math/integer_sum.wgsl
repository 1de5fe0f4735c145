import package::lib::grid::linear_index;
import package::math::reduction::{behind, dims, run_from, terms_of};

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
  let terms = terms_of(i);
  var sum = 0;
  for (var first = terms.first; first < terms.end; ) {
    let run = run_from(first, terms);
    var at = run.at;
    for (var term = first; term < run.end; term += dims.step) {
      sum += x[at];
      at += dims.step * run.stride;
    }
    first = behind(first, run.end);
  }
  y[i] = sum;
}
