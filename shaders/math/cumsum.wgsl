import package::lib::grid::linear_index;
import package::nn::along_axis::start_of;

// y[i] = sum of x[0] to x[i] along an axis, or with REVERSE of x[i] to the last. x, y: [outer, C,
// inner]. A row is shared out to invocations; each adds its terms one after another, from where the
// offsets say that the shares before it end (OFFSETS). With TOTALS y is what each share comes to,
// [rows, parts]: their sums are the offsets. Elements are floats, or INTEGERS of 32 bits that wrap.

struct Dims {
  rows: u32,  // outer * inner
  terms: u32, // C
  inner: u32,
  parts: u32, // shares of a row
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> offsets: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> dims: Dims;

override REVERSE: bool = false;
override OFFSETS: bool = false;
override TOTALS: bool = false;
override INTEGERS: bool = false;

fn sum(a: u32, b: u32) -> u32 {
  if (INTEGERS) {
    return a + b;
  }
  return bitcast<u32>(bitcast<f32>(a) + bitcast<f32>(b));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.rows * dims.parts) {
    return;
  }
  let start = start_of(i / dims.parts, dims.terms, dims.inner);
  let part = i % dims.parts;
  let last = dims.terms - 1u;
  let share = last / dims.parts + 1u;
  let end = min((part + 1u) * share, dims.terms);
  var total = 0u;
  if (OFFSETS && part > 0u) {
    total = offsets[i - 1u];
  }
  for (var term = part * share; term < end; term++) {
    let at = start + select(term, last - term, REVERSE) * dims.inner;
    total = sum(total, x[at]);
    if (!TOTALS) {
      y[at] = total;
    }
  }
  if (TOTALS) {
    y[i] = total;
  }
}
