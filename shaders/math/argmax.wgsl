import package::lib::grid::linear_index;
import package::math::ranking::{ larger, larger_or_later, Ranked, ranked, store_largest };
import package::math::reduction::{ after, behind, dims, four_of, run_from, terms_of };

// The largest term of each element of x along some axes, and which one it is, as math/ranking has
// it. x: words, or FROM_PAIRS what a pass before has left. Four terms of a run at a time.

@group(0) @binding(0) var<storage, read> x: array<u32>;

override FROM_PAIRS: bool = false;

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
  var best = Ranked();
  for (var first = own.first; first < own.end; ) {
    let run = run_from(first, own);
    for (var term = first; term < run.end; term = after(term)) {
      // A run's last term once more changes nothing.
      let four = four_of(run, term);
      let words = vec4u(x[four.at.x], x[four.at.y], x[four.at.z], x[four.at.w]);
      if (FROM_PAIRS) {
        let behind_them = four.at + 1u;
        let indices = vec4u(
          x[behind_them.x],
          x[behind_them.y],
          x[behind_them.z],
          x[behind_them.w],
        );
        best = larger(best, Ranked(words, indices));
      } else {
        best = larger_or_later(best, ranked(words, four.term));
      }
    }
    first = behind(first, run.end);
  }
  store_largest(i, best);
}
