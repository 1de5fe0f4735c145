// absmax[j] = largest |x[i]| of block j, as float32 bits. x: n elements of STORAGE f32, f16 or bf16
// (0, 1, 2); the last block may be shorter. Magnitudes whose bits in storage are LIMIT or more do not
// count. LANES invocations share a block; with one there is no barrier. Reads n elements once.

import package::lib::storage::{ f32_bits_of_half, magnitude_bits, word_of };

struct Sizes {
  n: u32,
  block: u32,
  blocks: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> absmax: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override LANES: u32 = 1u;
override LIMIT: u32 = 0xffffffffu;

var<workgroup> found: array<u32, 64>;

/// The largest magnitude that counts of four elements, each LANES behind the one before.
fn of_four(i: u32, end: u32) -> u32 {
  return max(
    max(counted(i, end), counted(i + LANES, end)),
    max(counted(i + 2u * LANES, end), counted(i + 3u * LANES, end)),
  );
}

fn counted(i: u32, end: u32) -> u32 {
  let magnitude = magnitude_bits(x[word_of(i, STORAGE)], i, STORAGE);
  return select(0u, magnitude, i < end && magnitude < LIMIT);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let j = (group.y * groups.x + group.x) * (64u / LANES) + local / LANES;
  let first = j * sizes.block;
  let end = min(first + sizes.block, sizes.n);
  var largest = 0u;
  // Eight at a time, which costs a processor half of a loop for each.
  for (var i = first + local % LANES; i < end; i += 8u * LANES) {
    largest = max(largest, max(of_four(i, end), of_four(i + 4u * LANES, end)));
  }
  if (LANES > 1u) {
    found[local] = largest;
    workgroupBarrier();
    for (var lane = 1u; lane < LANES; lane++) {
      largest = max(largest, found[(local + lane) % 64u]);
    }
  }
  if (j < sizes.blocks && local % LANES == 0u) {
    absmax[j] = select(f32_bits_of_half(largest, STORAGE), largest, STORAGE == 0u);
  }
}
