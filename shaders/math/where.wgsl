import package::lib::axes::along;
import package::lib::fours::four_from;
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
@group(0) @binding(1) var<storage, read> a: array<vec4u>;
@group(0) @binding(2) var<storage, read> b: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(4) var<uniform> dims: Dims;

override FILLED: u32 = 0u;
// Whether operands repeat: each element of y has a place of its own then, or each four elements,
// where they lie along its innermost axis, have one (FOURS).
const FOURS = 2u;
override BROADCAST: u32 = 0u;

const BYTES = vec4u(0u, 8u, 16u, 24u);

struct Operands {
  condition: vec4u, // a byte each
  a: vec4u,
  b: vec4u,
}

// Where condition, a and b of element `index` of y are.
fn places(index: u32) -> vec3u {
  var walk = vec4u(index, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  return walk.yzw;
}

fn bytes_of(word: u32) -> vec4u {
  return (vec4u(word) >> BYTES) & vec4u(0xffu);
}

// Operands of elements 4 i to 4 i + 3.
fn operands(i: u32) -> Operands {
  if (BROADCAST == 0u) {
    return Operands(bytes_of(condition[i]), a[i], b[i]);
  }
  if (BROADCAST == FOURS) {
    let place = places(4u * i);
    let stride = dims.axes[0].yzw;
    return Operands(
      four_from(bytes_of(condition[place.x / 4u]), place.x, stride.x),
      four_from(a[place.y / 4u], place.y, stride.y),
      four_from(b[place.z / 4u], place.z, stride.z),
    );
  }
  var found: Operands;
  for (var c = 0u; c < 4u; c++) {
    let place = places(4u * i + c);
    found.condition[c] = bytes_of(condition[place.x / 4u])[place.x % 4u];
    found.a[c] = a[place.y / 4u][place.y % 4u];
    found.b[c] = b[place.z / 4u][place.z % 4u];
  }
  return found;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let given = operands(i);
  let first = select(given.a, vec4u(dims.value), FILLED == 1u);
  let second = select(given.b, vec4u(dims.value), FILLED == 2u);
  let chosen = select(second, first, given.condition != vec4u());
  let whole = dims.count / 4u;
  if (i < whole) {
    y[i] = chosen;
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      y[i][c] = chosen[c];
    }
  }
}
