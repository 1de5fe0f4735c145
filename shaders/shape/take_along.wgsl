import package::lib::axes::along;
import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

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
// Whether each four of y lie along the innermost axis.
override FOURS: bool = false;

// Where element `index` of y is in x, but for its index, and where that is.
fn places(index: u32) -> vec2u {
  var walk = vec4u(index, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  return walk.yz;
}

fn taken(place: vec2u) -> u32 {
  let row = u32(clamp(indices[place.y], 0, i32(dims.rows) - 1));
  let element = x[place.x + row * dims.row_stride];
  return select(element, bitcast<u32>(dims.scale * bitcast<f32>(element)), SCALED);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 4u * linear_index(group, groups, lane, MANY);
  if (i >= dims.count) {
    return;
  }
  if (FOURS) {
    let place = places(i);
    let next = dims.axes[0].yz;
    y[i] = taken(place);
    y[i + 1u] = taken(place + next);
    y[i + 2u] = taken(place + 2u * next);
    y[i + 3u] = taken(place + 3u * next);
    return;
  }
  for (var c = i; c < end_of(i, dims.count); c++) {
    y[c] = taken(places(c));
  }
}
