import package::lib::grid::linear_index;

// counts[b] += how many elements of x lie in bin b, from edges[b] up to edges[b + 1], the last bin
// with its upper edge; what lies outside, or is NaN, is in none. x: [n]; edges: [bins + 1],
// ascending. The bin is found by halving.

struct Sizes {
  n: u32,
  bins: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> edges: array<f32>;
@group(0) @binding(2) var<storage, read_write> counts: array<atomic<u32>>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

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
  let value = x[i];
  if (value >= edges[0] && value <= edges[sizes.bins]) {
    var bin = 0u;
    var end = sizes.bins;
    while (end - bin > 1u) {
      let middle = (bin + end) / 2u;
      if (value >= edges[middle]) {
        bin = middle;
      } else {
        end = middle;
      }
    }
    atomicAdd(&counts[bin], 1u);
  }
}
