import package::lib::grid::{ MANY, linear_index };

// y = x between a low and a high bound, of integers of 32 bits; the high one where they cross. x,
// y: [count], four elements an invocation, 8 bytes moved an element.

struct Dims {
  count: u32,
  bounds: vec2i,
}

@group(0) @binding(0) var<storage, read> x: array<vec4i>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4i>;
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let value = min(max(x[i], vec4i(dims.bounds.x)), vec4i(dims.bounds.y));
  let whole = dims.count / 4u;
  if (i < whole) {
    y[i] = value;
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      y[i][c] = value[c];
    }
  }
}
