import package::lib::grid::{ MANY, linear_index };

// mask: 1 where token i sees token j of its row: neither after it, nor before its document, nor
// `window` or more behind. position_ids: [B, S], counted within documents; mask: bytes [B, S, S]. One
// invocation writes a word.

struct Sizes {
  count: u32, // B * S * S
  length: u32,
  window: u32,
}

@group(0) @binding(0) var<storage, read> position_ids: array<i32>;
@group(0) @binding(1) var<storage, read_write> mask: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

fn is_seen(element: u32) -> bool {
  let row = element / sizes.length;
  let query = row % sizes.length;
  let key = element % sizes.length;
  let farthest = min(u32(position_ids[row]), sizes.window - 1u);
  return key <= query && query - key <= farthest;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  if (4u * i >= sizes.count) {
    return;
  }
  var word = 0u;
  for (var k = 0u; k < min(4u, sizes.count - 4u * i); k++) {
    word |= u32(is_seen(4u * i + k)) << (8u * k);
  }
  mask[i] = word;
}
