import package::lib::grid::linear_index;
import package::optim::root::root_of;

// One step of RMSprop, in place over `count` elements: g = grad + l2 param, square_avg = alpha
// square_avg + (1 - alpha) g^2, along = g / (sqrt(square_avg) + eps), param -= lr along. Where
// CENTERED, the square of the average gradient is taken from the average square; where MOMENTUM,
// the buffer adds the steps up. What is not used is bound all the same, and not touched. 9 to 17
// flops and 20 to 36 bytes an element.

struct Step {
  count: u32,
  lr: f32,
  l2: f32, // weight decay
  alpha: f32,
  rest_of_alpha: f32, // 1 - alpha
  eps: f32,
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read_write> param: array<f32>;
@group(0) @binding(2) var<storage, read_write> square_avg: array<f32>;
@group(0) @binding(3) var<storage, read_write> grad_avg: array<f32>;
@group(0) @binding(4) var<storage, read_write> momentum_buffer: array<f32>;
@group(0) @binding(5) var<uniform> step: Step;

override CENTERED: bool = false;
override MOMENTUM: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= step.count) {
    return;
  }
  let g = grad[i] + step.l2 * param[i];
  let squares = step.alpha * square_avg[i] + step.rest_of_alpha * (g * g);
  square_avg[i] = squares;
  var variance = squares;
  if (CENTERED) {
    let mean = grad_avg[i] + step.rest_of_alpha * (g - grad_avg[i]);
    grad_avg[i] = mean;
    variance -= mean * mean;
  }
  var along = g / (root_of(variance) + step.eps);
  if (MOMENTUM) {
    along += step.momentum * momentum_buffer[i];
    momentum_buffer[i] = along;
  }
  param[i] -= step.lr * along;
}
