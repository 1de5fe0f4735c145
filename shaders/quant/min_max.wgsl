import package::lib::grid::linear_index;
import package::math::ordered::key_of;
import package::math::reduction::{behind, dims, run_from, terms_of};

// The smallest and the largest term of each element of x along some axes, as keys, whole numbers that
// order as floats do: exact, and no denormal is lost. x holds floats or, FROM_PAIRS, the pairs of keys
// of the pass before; y: pairs of keys.

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;

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
  let terms = terms_of(i);
  var low = 0xffffffffu;
  var high = 0u;
  for (var first = terms.first; first < terms.end; ) {
    let run = run_from(first, terms);
    var at = run.at;
    for (var term = first; term < run.end; term += dims.step) {
      var pair = vec2u(x[at]);
      if (FROM_PAIRS) {
        pair.y = x[at + 1u];
      } else {
        pair = vec2u(key_of(pair.x, false));
      }
      low = min(low, pair.x);
      high = max(high, pair.y);
      at += dims.step * run.stride;
    }
    first = behind(first, run.end);
  }
  y[i] = vec2u(low, high);
}
