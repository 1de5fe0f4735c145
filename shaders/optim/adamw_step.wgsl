import package::lib::grid::linear_index;

// One step of Adam or AdamW, in place over flat buffers of `count` elements, in torch's order of operations: decay first, eps after the
// bias correction. Four elements an invocation; 15 flops and 28 bytes an element. Scalars are rounded to float32 by the host.

struct Step {
  count: u32,
  decay: f32, // AdamW: 1 - lr * weight_decay; Adam: 1
  l2: f32, // Adam: weight_decay; AdamW: 0
  rest_of_beta1: f32, // 1 - beta1
  beta2: f32,
  rest_of_beta2: f32, // 1 - beta2
  step_size: f32, // lr / (1 - beta1^t)
  correction: f32, // sqrt(1 - beta2^t)
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> exp_avg: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> exp_avg_sq: array<vec4f>;
@group(0) @binding(4) var<uniform> step: Step;

const SIZE = 64u;
const TINY = 1.1754943508222875e-38; // the smallest normal float32

// sqrt may be computed as 1 / inverseSqrt, which is no number at 0.
fn root(v: vec4f) -> vec4f {
  return select(vec4f(0.0), sqrt(max(v, vec4f(TINY))), v >= vec4f(TINY));
}

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(group, groups, lane, SIZE);
  let p = param[i];
  let g = grad[i] + step.l2 * p;
  let m = exp_avg[i] + step.rest_of_beta1 * (g - exp_avg[i]);
  let v = step.beta2 * exp_avg_sq[i] + step.rest_of_beta2 * g * g;
  let moved = p * step.decay - step.step_size * m / (root(v) / step.correction + step.eps);
  let first = 4u * i;
  if (first + 4u <= step.count) {
    param[i] = moved;
    exp_avg[i] = m;
    exp_avg_sq[i] = v;
    return;
  }
  for (var c = 0u; first + c < step.count; c++) {
    param[i][c] = moved[c];
    exp_avg[i][c] = m[c];
    exp_avg_sq[i][c] = v[c];
  }
}
