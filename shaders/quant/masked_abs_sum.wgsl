// partial[2 l] = bits of the sum of |w| over the elements of lane l with |w| > limit, partial[2 l +
// 1] = their number. w: rows of `width` elements of STORAGE f32, f16 or bf16 (0, 1, 2), each with
// its limit; a row has `lanes` lanes: lane k takes its elements k, k + lanes, ..., in a fixed order.
// ALL ignores the limit. Reads w once.

import package::lib::grid::linear_index;
import package::lib::storage::{word_of, f32_bits_of};

struct Sizes {
  rows: u32,
  width: u32,
  lanes: u32,
}

@group(0) @binding(0) var<storage, read> w: array<u32>;
@group(0) @binding(1) var<storage, read> limit: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override ALL: bool = false;

struct Counted {
  sum: f32,
  count: u32,
}

fn counted(i: u32, end: u32, threshold: f32) -> Counted {
  let magnitude = abs(bitcast<f32>(f32_bits_of(w[word_of(i, STORAGE)], i, STORAGE)));
  let counts = i < end && magnitude > threshold;
  return Counted(select(0.0, magnitude, counts), select(0u, 1u, counts));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let l = linear_index(group, groups, local, 64u);
  if (l >= sizes.rows * sizes.lanes) {
    return;
  }
  let row = l / sizes.lanes;
  let threshold = select(limit[row], -1.0, ALL);
  let end = (row + 1u) * sizes.width;
  var sum = 0.0;
  var count = 0u;
  // Four at a time, added in their order: a processor's loop costs as much as a load.
  for (var i = row * sizes.width + l % sizes.lanes; i < end; i += 4u * sizes.lanes) {
    let a = counted(i, end, threshold);
    let b = counted(i + sizes.lanes, end, threshold);
    let c = counted(i + 2u * sizes.lanes, end, threshold);
    let d = counted(i + 3u * sizes.lanes, end, threshold);
    sum = sum + a.sum + b.sum + c.sum + d.sum;
    count += a.count + b.count + c.count + d.count;
  }
  partial[2u * l] = bitcast<u32>(sum);
  partial[2u * l + 1u] = count;
}
