import package::lib::axes::along;
import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// Copies [count] elements of 32 bits from where one walk along axes finds them to where another
// puts them: transpositions, slices, concatenations, repetitions. Four elements an invocation; 8
// bytes moved an element; elements travel as bits, so a copy is exact whatever they hold.

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

// Whether each four lie along the innermost axis.
override FOURS: bool = false;

// Where element `index` is in x and in y.
fn places(index: u32) -> vec2u {
  var walk = vec4u(index, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  return vec2u(dims.x_start, dims.y_start) + walk.yz;
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
    let first = places(i);
    let next = dims.axes[0].yz;
    let four = vec4u(x[first.x], x[first.x + next.x], x[first.x + 2u * next.x], x[first.x + 3u * next.x]);
    y[first.y] = four.x;
    y[first.y + next.y] = four.y;
    y[first.y + 2u * next.y] = four.z;
    y[first.y + 3u * next.y] = four.w;
    return;
  }
  for (var c = i; c < end_of(i, dims.count); c++) {
    let place = places(c);
    y[place.y] = x[place.x];
  }
}
