// y[i] = value(code i) * absmax[i / block], rounded to STORAGE f32, f16 or bf16 (0, 1, 2), of codes
// in the number format that the kernel is linked for. y: n elements. One invocation makes eight of
// them. Reads n codes, writes 4 n or 2 n bytes.

import package::lib::grid::linear_index;
import package::lib::quantized_weight::{ Blocks, eight_at };
import package::lib::storage::pack_halves;

struct Sizes {
  n: u32,
  block: u32,
  block_shift: u32, // log2 of it, where it has one
}

@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;

// Elements `i` (even) and i + 1, as far as they are inside y.
fn store(i: u32, pair: vec2f) {
  if (i >= sizes.n) {
    return;
  }
  if (STORAGE != 0u) {
    y[i / 2u] = pack_halves(pair.x, pair.y, STORAGE);
    return;
  }
  y[i] = bitcast<u32>(pair.x);
  if (i + 1u < sizes.n) {
    y[i + 1u] = bitcast<u32>(pair.y);
  }
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let first = linear_index(group, groups, local, 64u) * 8u;
  let eight = eight_at(first, 8u, Blocks(sizes.block, sizes.block_shift));
  store(first, eight.low.xy); // a loop here costs a CPU adapter half of its speed
  store(first + 2u, eight.low.zw);
  store(first + 4u, eight.high.xy);
  store(first + 6u, eight.high.zw);
}
