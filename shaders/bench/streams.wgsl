import package::lib::grid::linear_index;
import package::places::{dims, load, store};

// Reads every element of x once, four at a time, and writes every element of y once: what memory
// alone reaches. Invocation i of n adds up elements i, i + n, ... of x and stores the sum to elements
// i, i + n, ... of y: READS whole rounds of x and WRITES of y, at most eight, written out since a
// loop costs more than a load on a processor, and the rest of each. package::places says where y is.

override READS: u32 = 1u;
override WRITES: u32 = 1u;
override HAS_REST: u32 = 0u;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let n = dims.invocations;
  if (i >= n) {
    return;
  }
  var sum = vec4f();
  if (READS > 0u) { sum += load(i); }
  if (READS > 1u) { sum += load(i + n); }
  if (READS > 2u) { sum += load(i + 2u * n); }
  if (READS > 3u) { sum += load(i + 3u * n); }
  if (READS > 4u) { sum += load(i + 4u * n); }
  if (READS > 5u) { sum += load(i + 5u * n); }
  if (READS > 6u) { sum += load(i + 6u * n); }
  if (READS > 7u) { sum += load(i + 7u * n); }
  if (HAS_REST == 1u && i < dims.rest_of_reads) { sum += load(i + READS * n); }
  if (WRITES > 0u) { store(i, sum); }
  if (WRITES > 1u) { store(i + n, sum); }
  if (WRITES > 2u) { store(i + 2u * n, sum); }
  if (WRITES > 3u) { store(i + 3u * n, sum); }
  if (WRITES > 4u) { store(i + 4u * n, sum); }
  if (WRITES > 5u) { store(i + 5u * n, sum); }
  if (WRITES > 6u) { store(i + 6u * n, sum); }
  if (WRITES > 7u) { store(i + 7u * n, sum); }
  if (HAS_REST == 1u && i < dims.rest_of_writes) { store(i + WRITES * n, sum); }
}
