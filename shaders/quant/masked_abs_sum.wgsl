// partial[2 l] = bits of the sum of |w| over the elements of lane l with |w| > limit, partial[2 l +
// 1] = their number. w: n elements of STORAGE f32, f16 or bf16 (0, 1, 2); lane l takes elements l,
// l + lanes, ...: the order is fixed. ALL ignores the limit. Reads w once.

import package::lib::storage::{word_of, f32_bits_of};

struct Sizes {
  n: u32,
  lanes: u32,
}

@group(0) @binding(0) var<storage, read> w: array<u32>;
@group(0) @binding(1) var<storage, read> limit: array<f32>;
@group(0) @binding(2) var<storage, read_write> partial: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override ALL: bool = false;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= sizes.lanes) {
    return;
  }
  let threshold = select(limit[0], -1.0, ALL);
  var sum = 0.0;
  var count = 0u;
  for (var i = id.x; i < sizes.n; i += sizes.lanes) {
    let magnitude = abs(bitcast<f32>(f32_bits_of(w[word_of(i, STORAGE)], i, STORAGE)));
    if (magnitude > threshold) {
      sum += magnitude;
      count += 1u;
    }
  }
  partial[2u * id.x] = bitcast<u32>(sum);
  partial[2u * id.x + 1u] = count;
}
