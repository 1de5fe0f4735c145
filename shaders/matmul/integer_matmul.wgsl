import package::lib::grid::linear_index;
import package::matmul::batches::coordinates_of_batch;

// y[batch] = ALPHA a[batch] b[batch] + BETA bias of integers of 32 bits, which wrap, for any sizes
// and strides. a: [m, k]; b: [k, n]; y: [m, n], row-major. An invocation an element, 8 k bytes read.

struct Dims {
  batch_shape: vec4u,
  batch_a: vec4u, // strides in elements; 0 repeats a matrix over the dimension
  batch_b: vec4u,
  batch_bias: vec4u,
  m: u32,
  n: u32,
  k: u32,
  a_row: u32, // strides in elements
  a_k: u32,
  b_k: u32,
  b_col: u32,
  bias_row: u32,
  bias_col: u32,
  has_bias: u32,
  first_batch: u32,
}

@group(0) @binding(0) var<storage, read> a: array<i32>;
@group(0) @binding(1) var<storage, read> b: array<i32>;
@group(0) @binding(2) var<storage, read> bias: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<i32>;
@group(0) @binding(4) var<uniform> dims: Dims;

override ALPHA: i32 = 1;
override BETA: i32 = 1;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.m * dims.n) {
    return;
  }
  let row = i / dims.n;
  let col = i % dims.n;
  let index = dims.first_batch + group.z;
  let at = coordinates_of_batch(index, dims.batch_shape);
  var at_a = dot(at, dims.batch_a) + row * dims.a_row;
  var at_b = dot(at, dims.batch_b) + col * dims.b_col;
  var sum = 0;
  for (var k = 0u; k < dims.k; k++) {
    sum += a[at_a] * b[at_b];
    at_a += dims.a_k;
    at_b += dims.b_k;
  }
  var value = ALPHA * sum;
  if (dims.has_bias != 0u) {
    value += BETA * bias[dot(at, dims.batch_bias) + row * dims.bias_row + col * dims.bias_col];
  }
  y[index * dims.m * dims.n + i] = value;
}
