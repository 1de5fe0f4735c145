import package::lib::grid::linear_index;

// Reads every element of x once, four at a time, and writes every element of y once: what memory
// alone reaches. Invocation i of n adds up elements i, i + n, ... of x and stores the sum to elements
// i, i + n, ... of y: READS whole rounds of x and WRITES of y, at most eight, written out since a
// loop costs more than a load on a processor, and the rest of each.

override READS: u32 = 1u;
override WRITES: u32 = 1u;
override HAS_REST: u32 = 0u;

struct Dims {
  invocations: u32,
  rest_of_reads: u32,
  rest_of_writes: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> dims: Dims;

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
  if (READS > 0u) { sum += x[i]; }
  if (READS > 1u) { sum += x[i + n]; }
  if (READS > 2u) { sum += x[i + 2u * n]; }
  if (READS > 3u) { sum += x[i + 3u * n]; }
  if (READS > 4u) { sum += x[i + 4u * n]; }
  if (READS > 5u) { sum += x[i + 5u * n]; }
  if (READS > 6u) { sum += x[i + 6u * n]; }
  if (READS > 7u) { sum += x[i + 7u * n]; }
  if (HAS_REST == 1u && i < dims.rest_of_reads) { sum += x[i + READS * n]; }
  if (WRITES > 0u) { y[i] = sum; }
  if (WRITES > 1u) { y[i + n] = sum; }
  if (WRITES > 2u) { y[i + 2u * n] = sum; }
  if (WRITES > 3u) { y[i + 3u * n] = sum; }
  if (WRITES > 4u) { y[i + 4u * n] = sum; }
  if (WRITES > 5u) { y[i + 5u * n] = sum; }
  if (WRITES > 6u) { y[i + 6u * n] = sum; }
  if (WRITES > 7u) { y[i + 7u * n] = sum; }
  if (HAS_REST == 1u && i < dims.rest_of_writes) { y[i + WRITES * n] = sum; }
}
