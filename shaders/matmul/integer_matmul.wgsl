import package::lib::grid::linear_index;
import package::matmul::product::{ batch_at, dims };

// y[batch] = ALPHA a[batch] b[batch] + BETA bias of integers of 32 bits, which wrap, for any sizes
// and strides. a: [m, k]; b: [k, n]; y: [m, n], row-major. An invocation an element, 8 k bytes read.

@group(0) @binding(0) var<storage, read> a: array<i32>;
@group(0) @binding(1) var<storage, read> b: array<i32>;
@group(0) @binding(2) var<storage, read> bias: array<i32>;
@group(0) @binding(3) var<storage, read_write> y: array<i32>;

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
  let batch = batch_at(group.z);
  var at_a = batch.a + row * dims.a_row;
  var at_b = batch.b + col * dims.b_col;
  var sum = 0;
  for (var k = 0u; k < dims.k; k++) {
    sum += a[at_a] * b[at_b];
    at_a += dims.a_k;
    at_b += dims.b_k;
  }
  var value = ALPHA * sum;
  if (dims.has_bias != 0u) {
    value += BETA * bias[batch.bias + row * dims.bias_row + col * dims.bias_col];
  }
  y[batch.y + i] = value;
}
