import package::lib::grid::{ MANY, linear_index };
import package::nn::silu::silu;

// y = silu(gate) * up. gate, up, y: [count]. Four elements an invocation; 12 bytes moved an
// element.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<vec4f>;
@group(0) @binding(1) var<storage, read> up: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> dims: Dims;

fn swiglu(gate: vec4f, up: vec4f) -> vec4f {
  return silu(gate) * up;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let result = swiglu(gate[i], up[i]);
  let whole = dims.count / 4u;
  if (i < whole) {
    y[i] = result;
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      y[i][c] = result[c];
    }
  }
}
