import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::root::root;

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

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> square_avg: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> grad_avg: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> momentum_buffer: array<vec4f>;
@group(0) @binding(5) var<uniform> step: Step;

override CENTERED: bool = false;
override MOMENTUM: bool = false;

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  if (4u * i >= step.count) {
    // What lies past the end may be read as the last element, which another invocation changes.
    return;
  }
  let among = inside(i, step.count);
  let before = param[i];
  let averages = square_avg[i];
  let g = grad[i] + step.l2 * before;
  let squares = step.alpha * averages + step.rest_of_alpha * (g * g);
  square_avg[i] = select(averages, squares, among);
  var variance = squares;
  if (CENTERED) {
    let average = grad_avg[i];
    let mean = average + step.rest_of_alpha * (g - average);
    grad_avg[i] = select(average, mean, among);
    variance -= mean * mean;
  }
  var along = g / (root(variance) + step.eps);
  if (MOMENTUM) {
    let buffer = momentum_buffer[i];
    along += step.momentum * buffer;
    momentum_buffer[i] = select(buffer, along, among);
  }
  param[i] = select(before, before - step.lr * along, among);
}
