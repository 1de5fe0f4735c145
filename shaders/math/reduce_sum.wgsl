import package::lib::grid::linear_index;
import package::math::reduction::{behind, dims, run_from, terms_of};

// y = scale * sum of x (of its squares with SQUARES, the root of it with ROOT) along some axes, or
// with several parts the sums of those. Four terms of a run at a time.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;

override SQUARES: bool = false;
override ROOT: bool = false;

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
  var sum = 0.0;
  for (var first = terms.first; first < terms.end; ) {
    let run = run_from(first, terms);
    let steps = dims.step * vec4u(0u, 1u, 2u, 3u);
    let last = run.end - first - 1u;
    for (var k = 0u; k <= last; k += 4u * dims.step) {
      let along = k + steps;
      let at = run.at + min(along, vec4u(last)) * run.stride;
      let all = vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
      let values = select(vec4f(), all, along <= vec4u(last));
      let four = select(values, values * values, SQUARES);
      sum = (((sum + four.x) + four.y) + four.z) + four.w;
    }
    first = behind(first, run.end);
  }
  let scaled = dims.scale * sum;
  y[i] = select(scaled, sqrt(scaled), ROOT);
}
