import package::lib::grid::linear_index;

// One round further in the search for the element of a rank: the bin that holds it gives 8 more bits
// of its key. bins: 256 counts a row, zeroed for the next round; found: for each row the key, the
// rank among the elements that share its bits, and how many these are. An invocation takes a row.

struct Sizes {
  rows: u32,
  shift: u32,
}

@group(0) @binding(0) var<storage, read_write> bins: array<u32>;
@group(0) @binding(1) var<storage, read_write> found: array<u32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, 64u);
  if (row >= sizes.rows) {
    return;
  }
  let first = row * 256u;
  var rank = found[3u * row + 1u];
  var bin = 0u;
  while (rank >= bins[first + bin]) {
    rank -= bins[first + bin];
    bin++;
  }
  // The first round knows nothing of the key yet.
  let known = select(found[3u * row], 0u, sizes.shift == 24u);
  found[3u * row] = known | (bin << sizes.shift);
  found[3u * row + 1u] = rank;
  found[3u * row + 2u] = bins[first + bin];
  for (var b = 0u; b < 256u; b++) {
    bins[first + b] = 0u;
  }
}
