import package::lib::grid::linear_index;
import package::math::ranking::{ larger, larger_or_later, Ranked, ranked, store_largest };
import package::math::reduction::{ after, behind, dims, four_of, run_from, terms_of };

// The largest term of each element of x along some axes, and which one it is, as math/ranking has
// it. x: words, or FROM_PAIRS what a pass before has left. Four terms of a run at a time.

@group(0) @binding(0) var<storage, read> x: array<u32>;

override FROM_PAIRS: bool = false;

fn words_at(at: vec4u) -> vec4u {
  return vec4u(x[at.x], x[at.y], x[at.z], x[at.w]);
}

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
      let words = words_at(four.at);
      if (FROM_PAIRS) {
        best = larger(best, Ranked(words, words_at(four.at + 1u)));
      } else {
        best = larger_or_later(best, ranked(words, four.term));
      }
    }
    first = behind(first, run.end);
  }
  store_largest(i, best);
}
