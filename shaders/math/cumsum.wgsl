import package::nn::along_axis::{ Rows, start_of };

// y[i] = sum of x[0] to x[i] along an axis, or with REVERSE of x[i] to the last. x, y: [outer, C,
// inner]. A workgroup a row: each lane adds the terms of its share, six levels add what the lanes
// before it have, and each lane goes through its share once more from there.

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<uniform> params: Rows;

override REVERSE: bool = false;

const LANES = 64u;

var<workgroup> sums: array<f32, LANES>;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y * groups.x + group.x;
  if (row >= params.rows) {
    return;
  }
  let start = start_of(row, params.classes, params.inner);
  let last = params.classes - 1u;
  let share = last / LANES + 1u;
  let end = min((lane + 1u) * share, params.classes);
  var sum = 0.0;
  for (var term = lane * share; term < end; term++) {
    sum += x[start + select(term, last - term, REVERSE) * params.inner];
  }
  for (var distance = 1u; distance < LANES; distance *= 2u) {
    sums[lane] = sum;
    workgroupBarrier();
    if (lane >= distance) {
      sum += sums[lane - distance];
    }
    workgroupBarrier();
  }
  sums[lane] = sum;
  workgroupBarrier();
  var total = 0.0;
  if (lane > 0u) {
    total = sums[lane - 1u];
  }
  for (var term = lane * share; term < end; term++) {
    let at = start + select(term, last - term, REVERSE) * params.inner;
    total += x[at];
    y[at] = total;
  }
}
