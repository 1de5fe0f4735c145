import package::lib::exp::NOTHING;
import package::lib::grid::{ MANY, linear_index };

// dx = dy * s * (1 + x * (1 - s)) with s = sigmoid(x). x, dy, dx: [count]. Four elements an
// invocation; 12 bytes moved an element.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> dims: Dims;

// The slope of x * sigmoid(x). Of s and 1 - s, the one below a half comes from exp(-|x|) too, since
// 1 - s would cancel.
fn slope(x: vec4f) -> vec4f {
  let value = clamp(x, vec4f(NOTHING), vec4f(-NOTHING)); // farther out the slope is 0 or 1
  let small = exp(-abs(value));
  let large = 1.0 / (1.0 + small);
  let s = select(small * large, large, value >= vec4f(0.0));
  let rest = select(large, small * large, value >= vec4f(0.0));
  return s * (1.0 + value * rest);
}

fn silu_backward(x: vec4f, dy: vec4f) -> vec4f {
  return dy * slope(x);
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let result = silu_backward(x[i], dy[i]);
  let whole = dims.count / 4u;
  if (i < whole) {
    dx[i] = result;
  } else if (i == whole) {
    for (var c = 0u; c < dims.count % 4u; c++) {
      dx[i][c] = result[c];
    }
  }
}
