import package::lib::axes::along;
import package::lib::grid::linear_index;

// y = x at indices along one dimension: each element of y lies in x where its other coordinates and
// its index say. y: [count]; the walk is over its dimensions. An index outside of [0, rows) reads
// the nearest. Elements travel as bits, so a copy is exact whatever they hold; SCALED ones are
// floats times `scale`.

struct Dims {
  count: u32,
  rows: u32, // places of x along the dimension
  row_stride: u32, // in x
  scale: f32,
  // Innermost first: size, stride in x (0 along the dimension), stride in indices; past the last a
  // size that ends the walk.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read> indices: array<i32>;
@group(0) @binding(2) var<storage, read_write> y: array<u32>;
@group(0) @binding(3) var<uniform> dims: Dims;

override SCALED: bool = false;

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
  let row = u32(clamp(indices[walk.z], 0, i32(dims.rows) - 1));
  let element = x[walk.y + row * dims.row_stride];
  y[i] = select(element, bitcast<u32>(dims.scale * bitcast<f32>(element)), SCALED);
}
