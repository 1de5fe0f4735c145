// y[i] = value(code i) * absmax[i / block], rounded to STORAGE f32, f16 or bf16 (0, 1, 2). packed:
// two codes a byte, the first in the high nibble; y: n elements. One invocation turns a word of
// packed codes into 8 elements. Reads n/2 bytes, writes 4 n or 2 n.

import package::lib::grid::linear_index;
import package::lib::four_bit::{decode_four_bit, nibble_shift};
import package::lib::storage::pack_halves;

struct Sizes {
  n: u32,
  block: u32,
}

@group(0) @binding(0) var<storage, read> packed: array<u32>;
@group(0) @binding(1) var<storage, read> absmax: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override TABLE: u32 = 0u;

fn value(codes: u32, i: u32) -> f32 {
  return decode_four_bit((codes >> nibble_shift(i)) & 15u, TABLE);
}

// Elements `i` (even) and i + 1; the second may be past the end of y.
fn store(i: u32, codes: u32, scale: f32, both: bool) {
  let a = value(codes, i) * scale;
  let b = value(codes, i + 1u) * scale;
  if (STORAGE != 0u) {
    y[i / 2u] = pack_halves(a, b, STORAGE);
    return;
  }
  y[i] = bitcast<u32>(a);
  if (both) {
    y[i + 1u] = bitcast<u32>(b);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let w = linear_index(group, groups, local, 64u);
  let first = w * 8u;
  let codes = packed[w];
  let scale = absmax[first / sizes.block];
  let whole = sizes.n / 8u;
  if (w < whole) { // a loop here costs a CPU adapter half of its speed
    store(first, codes, scale, true);
    store(first + 2u, codes, scale, true);
    store(first + 4u, codes, scale, true);
    store(first + 6u, codes, scale, true);
  } else if (w == whole) {
    for (var i = first; i < sizes.n; i += 2u) {
      store(i, codes, scale, i + 1u < sizes.n);
    }
  }
}
