import package::lib::grid::{ MANY, linear_index };
import package::nn::silu::silu;
import package::nn::silu_backward::slope;

// dgate = dy * up * the slope of silu at gate, dup = dy * silu(gate). All: [count]. Four elements
// an invocation; 20 bytes moved an element.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> gate: array<vec4f>;
@group(0) @binding(1) var<storage, read> up: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dgate: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dup: array<vec4f>;
@group(0) @binding(5) var<uniform> dims: Dims;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let of_gate = dy[i] * up[i] * slope(gate[i]);
  let of_up = dy[i] * silu(gate[i]);
  let whole = dims.count / 4u;
  if (i < whole) {
    dgate[i] = of_gate;
    dup[i] = of_up;
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      dgate[i][c] = of_gate[c];
      dup[i][c] = of_up[c];
    }
  }
}
