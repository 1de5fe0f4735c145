import package::attention::attention::{ FOUR, place_of };
import package::lib::grid::linear_index;

// y = scale * weights x: each query's sum over the keys. weights: [B, H, Q, K]; x: [B, KV, K, width] or [B, K, KV * width]; y likewise
// with H heads and Q positions. Each invocation takes one query and four columns; 2 B H Q K width flops.

struct Dims {
  x: vec4u, // strides of batch, head and position, then the width
  y: vec4u,
  heads: u32,
  group: u32, // heads of y that share one of x
  queries: u32,
  keys: u32,
  rows: u32, // batches * heads * queries
  scale: f32,
}

@group(0) @binding(0) var<storage, read> weights: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= dims.rows) {
    return;
  }
  let place = place_of(row, dims.heads, dims.queries);
  let column = 4u * group.z;
  // Columns past the end read what they find; their sums are not stored.
  var at = dot(vec2u(place.x, place.y / dims.group), dims.x.xy) + column + FOUR;
  var sum = vec4f();
  for (var i = row * dims.keys; i < (row + 1u) * dims.keys; i++) {
    sum += weights[i] * vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
    at += dims.x.z;
  }
  let first = dot(place, dims.y.xyz) + column;
  for (var c = 0u; c < min(4u, dims.y.w - column); c++) {
    y[first + c] = dims.scale * sum[c];
  }
}
