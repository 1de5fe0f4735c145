import package::lib::grid::linear_index;
import package::math::ordered::key_of;

// next[r] = the smallest key of row r that is larger than the one found. x: [rows, width]; found:
// three words a row, the key first; next starts as the largest words.

struct Sizes {
  n: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> found: array<u32>;
@group(0) @binding(2) var<storage, read_write> next: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override ABSOLUTE: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= sizes.n) {
    return;
  }
  let row = i / sizes.width;
  let key = key_of(x[i], ABSOLUTE);
  if (key > found[3u * row]) {
    atomicMin(&next[row], key);
  }
}
