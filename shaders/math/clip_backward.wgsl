import package::lib::grid::{ MANY, linear_index };
import package::math::binary::{dims, operands, store};

// dx = dy where low < x < high, else 0. a: x, b: dy, y: dx.

fn clip_backward(x: vec4f, dy: vec4f, low: f32, high: f32) -> vec4f {
  return select(vec4f(), dy, (x > vec4f(low)) & (x < vec4f(high)));
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  let pair = operands(i);
  store(i, clip_backward(pair.a, pair.b, dims.parameters.x, dims.parameters.y));
}
