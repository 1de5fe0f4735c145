import package::lib::axes::along;
import package::lib::grid::linear_index;

// Copies [count] elements of 32 bits from where one walk along axes finds them to where another
// puts them: transpositions, slices, concatenations, repetitions. 8 bytes moved an element;
// elements travel as bits, so a copy is exact whatever they hold.

struct Dims {
  count: u32,
  x_start: u32,
  y_start: u32,
  // Innermost first: size, stride in x, stride in y; past the last a size that ends the walk.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> dims: Dims;

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
  var walk = vec4u(i, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  y[dims.y_start + walk.z] = x[dims.x_start + walk.y];
}
