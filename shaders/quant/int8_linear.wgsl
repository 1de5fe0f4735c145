import package::lib::grid::linear_index;
import package::quant::linear_scale::integer_of;

// acc, the products of codes, becomes (x - x_zero) (w - w_zero)^T, and y = acc * (x_scale * w_scale) +
// bias. acc: [m, n] integers, which wrap; y: [m, n] floats; scales, and zero points, signed bytes: one
// for all rows or one for each (x_step 0 or 1), of columns alike (w_step); sums: of the codes of each
// row, then of each column.

struct Dims {
  m: u32,
  n: u32,
  k: i32,
  x_step: u32,
  w_step: u32,
}

@group(0) @binding(0) var<storage, read> x_scale: array<f32>;
@group(0) @binding(1) var<storage, read> w_scale: array<f32>;
@group(0) @binding(2) var<storage, read> x_zero: array<u32>;
@group(0) @binding(3) var<storage, read> w_zero: array<u32>;
@group(0) @binding(4) var<storage, read> sums: array<i32>;
@group(0) @binding(5) var<storage, read> bias: array<f32>;
@group(0) @binding(6) var<storage, read_write> acc: array<i32>;
@group(0) @binding(7) var<storage, read_write> y: array<f32>;
@group(0) @binding(8) var<uniform> dims: Dims;

override HAS_X_ZERO: bool = false;
override HAS_W_ZERO: bool = false;
override HAS_BIAS: bool = false;

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
  let of_x = row * dims.x_step;
  let of_w = col * dims.w_step;
  var sum = acc[i];
  var zero = 0;
  if (HAS_X_ZERO) {
    zero = integer_of(x_zero[of_x / 4u], of_x, 8u, true);
    sum -= zero * sums[dims.m + col];
  }
  if (HAS_W_ZERO) {
    sum += integer_of(w_zero[of_w / 4u], of_w, 8u, true) * (dims.k * zero - sums[row]);
  }
  acc[i] = sum;
  var result = f32(sum) * (x_scale[of_x] * w_scale[of_w]);
  if (HAS_BIAS) {
    result += bias[col];
  }
  y[i] = result;
}
