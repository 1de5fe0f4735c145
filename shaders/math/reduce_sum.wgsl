import package::lib::grid::linear_index;
import package::math::reduction::{ after, behind, dims, four_of, run_from, terms_of };

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
  let own = terms_of(i);
  var sum = 0.0;
  for (var first = own.first; first < own.end; ) {
    let run = run_from(first, own);
    for (var term = first; term < run.end; term = after(term)) {
      let four = four_of(run, term);
      let all = vec4f(x[four.at.x], x[four.at.y], x[four.at.z], x[four.at.w]);
      let values = select(vec4f(), all, four.inside);
      let terms = select(values, values * values, SQUARES);
      sum = (((sum + terms.x) + terms.y) + terms.z) + terms.w;
    }
    first = behind(first, run.end);
  }
  let scaled = dims.scale * sum;
  y[i] = select(scaled, sqrt(scaled), ROOT);
}
