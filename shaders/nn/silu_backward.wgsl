import package::lib::grid::linear_index;

// dx = dy * s * (1 + x * (1 - s)) with s = sigmoid(x). x, dy, dx: [count]. Four elements an invocation; 12 bytes moved an element.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(3) var<uniform> dims: Dims;

const SIZE = 64u;

// Farther from zero the slope is 0 or 1; an exp there may be off by more denormals than a large x forgives.
const END = 104.0;

// The slope of x * sigmoid(x). Of s and 1 - s, the one below a half comes from exp(-|x|) too, since 1 - s would cancel.
fn slope(x: vec4f) -> vec4f {
  let value = clamp(x, vec4f(-END), vec4f(END));
  let small = exp(-abs(value));
  let large = 1.0 / (1.0 + small);
  let s = select(small * large, large, value >= vec4f(0.0));
  let rest = select(large, small * large, value >= vec4f(0.0));
  return s * (1.0 + value * rest);
}

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(group, groups, lane, SIZE);
  let result = dy[i] * slope(x[i]);
  let first = 4u * i;
  if (first + 4u <= dims.count) {
    dx[i] = result;
    return;
  }
  for (var c = 0u; first + c < dims.count; c++) {
    dx[i][c] = result[c];
  }
}
