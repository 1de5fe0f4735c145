import package::lib::grid::linear_index;
import package::lib::storage::{ f32_bits_of, word_of };
import package::matmul::product::{ batch_at, dims, store_four };

// y[batch] = scale * a[batch] b[batch] + bias_scale * bias, float32, for any sizes and strides. a:
// [m, k]; b: [k, n]; y: [m, n], row-major. a and b may be stored in halves. 2 m n k flops a batch.
// Each invocation keeps 4 rows x 4 columns of y in registers.

@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read> b: array<u32>;

// How a and b are stored: 0 f32, 1 f16, 2 bf16.
override STORAGE_A: u32 = 0u;
override STORAGE_B: u32 = 0u;

const FOUR = vec4u(0u, 1u, 2u, 3u);

fn a_at(i: u32) -> f32 {
  return bitcast<f32>(f32_bits_of(a[word_of(i, STORAGE_A)], i, STORAGE_A));
}

fn b_at(i: u32) -> f32 {
  return bitcast<f32>(f32_bits_of(b[word_of(i, STORAGE_B)], i, STORAGE_B));
}

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
  var sum_0 = vec4f();
  var sum_1 = vec4f();
  var sum_2 = vec4f();
  var sum_3 = vec4f();
  for (var k = 0u; k < dims.k; k++) {
    let right = vec4f(b_at(at_b.x), b_at(at_b.y), b_at(at_b.z), b_at(at_b.w));
    sum_0 += a_at(at_a.x) * right;
    sum_1 += a_at(at_a.y) * right;
    sum_2 += a_at(at_a.z) * right;
    sum_3 += a_at(at_a.w) * right;
    at_a += dims.a_k;
    at_b += dims.b_k;
  }
  store_four(batch, row, col, sum_0);
  store_four(batch, row + 1u, col, sum_1);
  store_four(batch, row + 2u, col, sum_2);
  store_four(batch, row + 3u, col, sum_3);
}
