import package::math::ordered::key_of;

// next[r] = the smallest key of row r that is larger than the one found. x: [rows, width]; found:
// three words a row, the key first; next starts as the largest words. Workgroups (g, r) share row r:
// an invocation takes every LANES * groups-th element.

struct Sizes {
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> found: array<u32>;
@group(0) @binding(2) var<storage, read_write> next: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override ABSOLUTE: bool = false;

const LANES = 64u;

@compute @workgroup_size(LANES)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = group.y;
  for (var i = group.x * LANES + lane; i < sizes.width; i += groups.x * LANES) {
    let key = key_of(x[row * sizes.width + i], ABSOLUTE);
    if (key > found[3u * row]) {
      atomicMin(&next[row], key);
    }
  }
}
