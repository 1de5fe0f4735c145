import package::lib::grid::linear_index;

// Muon's momentum, over `count` elements: the buffer moves to the gradient, in place, and what is to
// be made orthogonal is the buffer or, where NESTEROV, between the gradient and it. 6 flops and 16
// bytes an element.

struct Step {
  count: u32,
  rest: f32,     // 1 - momentum
  momentum: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read_write> buffer: array<f32>;
@group(0) @binding(2) var<storage, read_write> along: array<f32>;
@group(0) @binding(3) var<uniform> step: Step;

override NESTEROV: bool = false;

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
  let m = buffer[i] + step.rest * (grad[i] - buffer[i]);
  buffer[i] = m;
  if (NESTEROV) {
    along[i] = grad[i] + step.momentum * (m - grad[i]);
  } else {
    along[i] = m;
  }
}
