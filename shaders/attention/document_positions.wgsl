import package::lib::grid::linear_index;

// position_ids: how many of the tokens right before each are of the same document. documents,
// position_ids: [B, S]. An invocation goes back from its token to where the document starts.

struct Sizes {
  count: u32, // B * S
  length: u32,
}

@group(0) @binding(0) var<storage, read> documents: array<i32>;
@group(0) @binding(1) var<storage, read_write> position_ids: array<i32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= sizes.count) {
    return;
  }
  let own = documents[i];
  let most = i % sizes.length;
  var before = 0u;
  while (before < most && documents[i - before - 1u] == own) {
    before++;
  }
  position_ids[i] = i32(before);
}
