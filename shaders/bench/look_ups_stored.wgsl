import package::lib::codes::values;
import package::lib::grid::linear_index;

// Looks up what codes of 4 bits stand for, stores it and does nothing else: what decoding takes that
// has no scales. Invocation i takes word i of four, 32 codes in 16 bytes, and stores 128 bytes.

@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(1) var<storage, read> codes: array<vec4u>;
@group(0) @binding(2) var<uniform> invocations: u32;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= invocations) {
    return;
  }
  let words = codes[i];
  let n = 8u * i;
  // The last first: past the end all of them would meet the last place, and show.
  y[n + 7u] = values(words.w >> 16u);
  y[n + 6u] = values(words.w);
  y[n + 5u] = values(words.z >> 16u);
  y[n + 4u] = values(words.z);
  y[n + 3u] = values(words.y >> 16u);
  y[n + 2u] = values(words.y);
  y[n + 1u] = values(words.x >> 16u);
  y[n] = values(words.x);
}
