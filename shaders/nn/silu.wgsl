import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };

// y = x * sigmoid(x). x, y: [count]. Four elements an invocation; 8 bytes moved an element.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<uniform> dims: Dims;

// Below it, 1 + exp(-x) is exp(-x) and would leave the range in which division is accurate; x *
// exp(x) is the same number.
const FAR = -80.0;

fn silu(value: vec4f) -> vec4f {
  let near = value / (1.0 + exp(-clamp(value, vec4f(FAR), vec4f(-FAR))));
  let far = max(value, vec4f(NOTHING));
  return select(near, far * exp(far), value < vec4f(FAR));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let result = silu(x[i]);
  let whole = dims.count / 4u;
  if (i < whole) {
    y[i] = result;
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      y[i][c] = result[c];
    }
  }
}
