import package::lib::grid::linear_index;

// y = a + b. a, b, y: [count]. Four elements an invocation; 12 bytes moved an element.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<uniform> dims: Dims;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(group, groups, lane, SIZE);
  let sum = a[i] + b[i];
  let first = 4u * i;
  if (first + 4u <= dims.count) {
    y[i] = sum;
    return;
  }
  for (var c = 0u; first + c < dims.count; c++) {
    y[i][c] = sum[c];
  }
}
