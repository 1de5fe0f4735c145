import package::lib::grid::linear_index;
import package::matmul::product::{ batch_at, dims, store_four };

// y[batch] = scale * a[batch] b[batch] + bias_scale * bias as matmul, of operands that are both
// stored in f16, for adapters that load halves themselves. The products of two halves are exact in
// float32 (22 of 24 bits) and are summed in the order of matmul: the bits are the same. a: [m, k];
// b: [k, n]; y: [m, n]. 2 m n k flops a batch. Each invocation keeps 4 rows x 4 columns of y in
// registers.
enable f16;

@group(0) @binding(0) var<storage, read> a: array<f16>;
@group(0) @binding(1) var<storage, read> b: array<f16>;

const FOUR = vec4u(0u, 1u, 2u, 3u);

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let tile = linear_index(group, groups, lane, 64u);
  let col = (tile % dims.tiles) * 4u;
  let row = (tile / dims.tiles) * 4u;
  let batch = batch_at(group.z);
  // Rows and columns past the end read what they find; their sums are not stored.
  var at_a = (row + FOUR) * dims.a_row + batch.a;
  var at_b = (col + FOUR) * dims.b_col + batch.b;
  var sum = mat4x4f();
  for (var k = 0u; k < dims.k; k++) {
    let left = vec4f(vec4h(a[at_a.x], a[at_a.y], a[at_a.z], a[at_a.w]));
    let right = vec4f(vec4h(b[at_b.x], b[at_b.y], b[at_b.z], b[at_b.w]));
    sum += mat4x4f(left.x * right, left.y * right, left.z * right, left.w * right);
    at_a += dims.a_k;
    at_b += dims.b_k;
  }
  store_four(batch, row, col, sum[0]);
  store_four(batch, row + 1u, col, sum[1]);
  store_four(batch, row + 2u, col, sum[2]);
  store_four(batch, row + 3u, col, sum[3]);
}
