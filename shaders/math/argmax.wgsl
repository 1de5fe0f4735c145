import package::lib::grid::linear_index;
import package::math::key::key_of;
import package::math::reduction::{behind, dims, run_from, terms_of};

// The largest term of each element of x along some axes, and which one it is: the first of equal
// ones, or with LAST the last. A NaN counts as the largest, and all of them as equal. Compares
// keys, whole numbers that order as floats do, or as INTEGERS: exact, and no denormal is lost. With
// several parts y holds pairs of key and index, which the next pass reads (FROM_PAIRS); the last
// pass writes VALUES or indices.

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;

override FROM_PAIRS: bool = false;
override TO_PAIRS: bool = false;
override VALUES: bool = false;
override LAST: bool = false;
override INTEGERS: bool = false;

fn bits_of(key: u32) -> u32 {
  if (INTEGERS) {
    return key ^ 0x80000000u;
  }
  return select(~key, key & 0x7fffffffu, key >= 0x80000000u);
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
  let terms = terms_of(i);
  // Below the key of any float, and that of the lowest integer: where no term is larger, the first
  // term of all is the largest.
  var best = 0u;
  var best_index = 0u;
  for (var first = terms.first; first < terms.end; ) {
    let run = run_from(first, terms);
    var at = run.at;
    for (var term = first; term < run.end; term += dims.step) {
      var key = x[at];
      var index = term;
      if (FROM_PAIRS) {
        index = x[at + 1u];
      } else {
        key = key_of(key, INTEGERS);
      }
      let better = key > best || (key == best && (index > best_index) == LAST);
      best = select(best, key, better);
      best_index = select(best_index, index, better);
      at += dims.step * run.stride;
    }
    first = behind(first, run.end);
  }
  if (TO_PAIRS) {
    y[2u * i] = best;
    y[2u * i + 1u] = best_index;
  } else {
    y[i] = select(best_index, bits_of(best), VALUES);
  }
}
