import package::lib::grid::{ MANY, linear_index };

// y = the same 32 bits everywhere. y: [count]. Four elements an invocation.

struct Dims {
  count: u32,
  bits: u32,
}

@group(0) @binding(0) var<storage, read_write> y: array<vec4u>;
@group(0) @binding(1) var<uniform> dims: Dims;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let whole = dims.count / 4u;
  if (i < whole) {
    y[i] = vec4u(dims.bits);
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      y[i][c] = dims.bits;
    }
  }
}
