import package::math::ordered::key_of;

// next[r] = the smallest key of row r that is larger than the one found. x: [rows, width]; found:
// three words a row, the key first; next starts as the largest words. Workgroups (g, r) share row r:
// an invocation takes every LANES * groups-th element, and hands on the smallest of these.

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
  let start = row * sizes.width;
  let key = found[3u * row];
  let all = groups.x * LANES;
  var least = 0xffffffffu;
  // Four at a time; the last element again where there are none left.
  for (var i = group.x * LANES + lane; i < sizes.width; i += 4u * all) {
    let at = start + min(i + vec4u(0u, 1u, 2u, 3u) * all, vec4u(sizes.width - 1u));
    let others = vec4u(
      key_of(x[at.x], ABSOLUTE),
      key_of(x[at.y], ABSOLUTE),
      key_of(x[at.z], ABSOLUTE),
      key_of(x[at.w], ABSOLUTE),
    );
    let larger = select(vec4u(0xffffffffu), others, others > vec4u(key));
    least = min(least, min(min(larger.x, larger.y), min(larger.z, larger.w)));
  }
  atomicMin(&next[row], least);
}
