import package::lib::grid::{ MANY, linear_index };

// trits = w / (scale + eps) rounded to -1, 0 or 1, and y = trit * scale. w: n floats; scale: one
// float, the mean of |w|; trits: signed bytes; y: n floats. One invocation makes a word of 4 trits;
// what fills the last one up is not of w.

struct Sizes {
  n: u32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> w: array<vec4f>;
@group(0) @binding(1) var<storage, read> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> trits: array<u32>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let i = linear_index(group, groups, local, MANY);
  if (4u * i >= sizes.n) {
    return;
  }
  // A quotient rounds to more than 0.5 exactly where |w| is more than half of the divisor; 0.5
  // itself goes to 0. So no division is needed.
  let half = 0.5 * (scale[0] + sizes.eps);
  let trit = select(vec4f(), sign(w[i]), abs(w[i]) > vec4f(half));
  let bytes = (bitcast<vec4u>(vec4i(trit)) & vec4u(255u)) << vec4u(0u, 8u, 16u, 24u);
  trits[i] = bytes.x | bytes.y | bytes.z | bytes.w;
  if (i < sizes.n / 4u) {
    y[i] = trit * scale[0];
  } else {
    for (var c = 0u; c < sizes.n % 4u; c++) {
      y[i][c] = trit[c] * scale[0];
    }
  }
}
