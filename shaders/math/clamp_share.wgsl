import package::lib::axes::along;
import package::lib::grid::linear_index;

// What of dy flows to x, to its lower or to its upper bound (WANTED 0, 1, 2): to the one that was
// taken, a half each where x is equal to one of the bounds, all to x where it is equal to both, and
// all to the upper bound where the lower is above it. x and its bounds repeat along axes of dy, as
// numpy has it; 20 bytes moved an element.

struct Dims {
  count: u32,
  // Innermost first: size of dy, strides of x, low and high; past the last a size that ends the walk.
  axes: array<vec4u, 8>,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> low: array<f32>;
@group(0) @binding(2) var<storage, read> high: array<f32>;
@group(0) @binding(3) var<storage, read> dy: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;
@group(0) @binding(5) var<uniform> dims: Dims;

override HAS_LOW: bool = true;
override HAS_HIGH: bool = true;
override WANTED: u32 = 0u;

// Where x and its bounds are that meet element `index` of dy.
fn places(index: u32) -> vec3u {
  var walk = vec4u(index, vec3u());
  for (var d = 0u; walk.x != 0u; d++) {
    walk = along(walk, dims.axes[d]);
  }
  return walk.yzw;
}

// The shares of x, low and high, which are 1 together.
fn shares(v: f32, lower: f32, upper: f32) -> vec3f {
  if (HAS_LOW && HAS_HIGH && lower > upper) {
    return vec3f(0.0, 0.0, 1.0);
  }
  if (HAS_LOW && v < lower) {
    return vec3f(0.0, 1.0, 0.0);
  }
  if (HAS_HIGH && v > upper) {
    return vec3f(0.0, 0.0, 1.0);
  }
  let at = vec2<bool>(HAS_LOW && v == lower, HAS_HIGH && v == upper);
  if (at.x != at.y) {
    return select(vec3f(0.5, 0.0, 0.5), vec3f(0.5, 0.5, 0.0), at.x);
  }
  return vec3f(1.0, 0.0, 0.0);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let place = places(i);
  y[i] = dy[i] * shares(x[place.x], low[place.y], high[place.z])[WANTED];
}
