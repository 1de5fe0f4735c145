import package::lib::codes::values;
import package::lib::grid::linear_index;

// Looks up what codes of 4 bits stand for, adds it up and does nothing else: what decoding alone
// takes. Invocation i of n takes words i, i + n, ... of four, 128 codes in 64 bytes, and stores 4.

@group(0) @binding(0) var<storage, read_write> y: array<f32>;
@group(0) @binding(1) var<storage, read> codes: array<vec4u>;
@group(0) @binding(2) var<uniform> invocations: u32;

fn eight(word: u32) -> vec4f {
  return values(word) + values(word >> 16u);
}

fn thirty_two(words: vec4u) -> vec4f {
  return (eight(words.x) + eight(words.y)) + (eight(words.z) + eight(words.w));
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let n = invocations;
  if (i >= n) {
    return;
  }
  let first = thirty_two(codes[i]) + thirty_two(codes[i + n]);
  let last = thirty_two(codes[i + 2u * n]) + thirty_two(codes[i + 3u * n]);
  let sum = first + last;
  y[i] = (sum.x + sum.y) + (sum.z + sum.w);
}
