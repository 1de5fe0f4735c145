import package::lib::axes::along;
import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// y = a where a byte of the condition is not 0, else b; FILLED 1 or 2 puts one number in the place
// of a or b. Condition, a and b repeat along axes of y, as numpy has it. Words are moved, which
// keeps every denormal; four elements an invocation, 13 bytes an element.

struct Dims {
  count: u32,
  // The bits of the number, which may be infinite.
  value: u32,
  // Innermost first: size of y, strides of condition, a and b; past the last a size that ends the
  // walk.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> condition: array<u32>;
@group(0) @binding(1) var<storage, read> a: array<u32>;
@group(0) @binding(2) var<storage, read> b: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<u32>;
@group(0) @binding(4) var<uniform> dims: Dims;

override FILLED: u32 = 0u;
// Whether each four lie along the innermost axis.
override FOURS: bool = false;

// Where condition, a and b of element `index` of y are.
fn places(index: u32) -> vec3u {
  var walk = vec4u(index, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  return walk.yzw;
}

fn chosen(place: vec3u) -> u32 {
  let byte = (condition[place.x / 4u] >> (8u * (place.x % 4u))) & 0xffu;
  let first = select(a[place.y], dims.value, FILLED == 1u);
  let second = select(b[place.z], dims.value, FILLED == 2u);
  return select(second, first, byte != 0u);
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
    let next = dims.axes[0].yzw;
    y[i] = chosen(place);
    y[i + 1u] = chosen(place + next);
    y[i + 2u] = chosen(place + 2u * next);
    y[i + 3u] = chosen(place + 3u * next);
    return;
  }
  for (var e = i; e < end_of(i, dims.count); e++) {
    y[e] = chosen(places(e));
  }
}
