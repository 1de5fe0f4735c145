import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
import package::optim::root::root;

// One step of Adagrad, in place over flat buffers of `count` elements: g = grad + l2 param, sum +=
// g^2, param -= rate g / (sqrt(sum) + eps). Four elements an invocation; 8 flops and 20 bytes an
// element. Scalars come from the host.

struct Step {
  count: u32,
  rate: f32, // decayed
  l2: f32,   // weight decay
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> sum_of_squares: array<vec4f>;
@group(0) @binding(3) var<uniform> step: Step;

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
  let before = param[i];
  let squares = sum_of_squares[i];
  let g = grad[i] + step.l2 * before;
  let sum = squares + g * g;
  let among = inside(i, step.count);
  param[i] = select(before, before - step.rate * g / (root(sum) + step.eps), among);
  sum_of_squares[i] = select(squares, sum, among);
}
