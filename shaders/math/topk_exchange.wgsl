import package::lib::grid::linear_index;

// A pass of a bitonic sort (Batcher, 1968), which brings pairs of a key and an index in order: the
// largest key first, of equal ones the lowest index. Each invocation compares two pairs `apart` from
// each other; where `descends` is in the place of the first, they are put the other way round.

struct Dims {
  count: u32, // of comparisons
  apart: u32, // a power of two
  descends: u32, // the next ones, or 0 in the last passes
}

@group(0) @binding(0) var<storage, read_write> pairs: array<vec2u>;
@group(0) @binding(1) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let low = i + (i & ~(dims.apart - 1u));
  let high = low + dims.apart;
  let a = pairs[low];
  let b = pairs[high];
  let is_behind = a.x < b.x || (a.x == b.x && a.y > b.y);
  if (is_behind == ((low & dims.descends) == 0u)) {
    pairs[low] = b;
    pairs[high] = a;
  }
}
