import package::lib::grid::linear_index;
import package::math::ranking::{ larger_or_later, Ranked, ranked, store_largest };
import package::math::reduction::{ behind, dims, run_from, terms_of };

// As math/argmax, where terms lie beside each other in whole fours: a term of `dims` is one of these.

@group(0) @binding(0) var<storage, read> x: array<vec4u>;

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
    var at = run.at;
    for (var term = first; term < run.end; term += dims.step) {
      best = larger_or_later(best, ranked(x[at], 4u * term + vec4u(0u, 1u, 2u, 3u)));
      at += dims.step * run.stride;
    }
    first = behind(first, run.end);
  }
  store_largest(i, best);
}
