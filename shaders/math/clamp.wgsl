import package::lib::axes::along;
import package::lib::fours::four_from;
import package::lib::grid::{ MANY, linear_index };
import package::math::maximum::maximum;
import package::math::minimum::minimum;

// y = x between two tensors: where they cross, the upper. They have one shape, or REPEAT along axes
// of y, as numpy has it, each four elements along its innermost axis. Four elements an invocation;
// 16 bytes moved an element.

struct Dims {
  count: u32,
  // Innermost first: size of y, strides of x, low and high; past the last a size that ends the walk.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> x: array<vec4u>;
@group(0) @binding(1) var<storage, read> low: array<vec4u>;
@group(0) @binding(2) var<storage, read> high: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> dims: Dims;

override REPEAT: bool = false;

struct Operands {
  x: vec4u,
  low: vec4u,
  high: vec4u,
}

// Operands of elements 4 i to 4 i + 3.
fn operands(i: u32) -> Operands {
  if (!REPEAT) {
    return Operands(x[i], low[i], high[i]);
  }
  var walk = vec4u(4u * i, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  let stride = dims.axes[0].yzw;
  return Operands(
    four_from(x[walk.y / 4u], walk.y, stride.x),
    four_from(low[walk.z / 4u], walk.z, stride.y),
    four_from(high[walk.w / 4u], walk.w, stride.z),
  );
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let given = operands(i);
  let raised = maximum(bitcast<vec4f>(given.x), bitcast<vec4f>(given.low));
  let between = minimum(raised, bitcast<vec4f>(given.high));
  let whole = dims.count / 4u;
  if (i < whole) {
    y[i] = between;
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      y[i][c] = between[c];
    }
  }
}
