import package::attention::attention::{ FOUR, place_of };
import package::lib::grid::linear_index;

// y = scale * weights^T x: each key's sum over the queries of all heads that share it. weights: [B, H, Q, K]; x: [B, H, Q, width] or
// [B, Q, H * width]; y likewise with KV heads and K positions. Each invocation takes one key and four columns; 2 B H Q K width flops.

struct Dims {
  x: vec4u, // strides of batch, head and position, then the width
  y: vec4u,
  heads: u32,
  group: u32, // heads of x that share one of y
  queries: u32,
  keys: u32,
  rows: u32, // batches * heads of y * keys
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
  let place = place_of(row, dims.heads / dims.group, dims.keys);
  let column = 4u * group.z;
  var sum = vec4f();
  for (var head = place.y * dims.group; head < (place.y + 1u) * dims.group; head++) {
    // Columns past the end read what they find; their sums are not stored.
    var at = dot(vec2u(place.x, head), dims.x.xy) + column + FOUR;
    var i = (place.x * dims.heads + head) * dims.queries * dims.keys + place.z;
    for (var query = 0u; query < dims.queries; query++) {
      sum += weights[i] * vec4f(x[at.x], x[at.y], x[at.z], x[at.w]);
      at += dims.x.z;
      i += dims.keys;
    }
  }
  let first = dot(place, dims.y.xyz) + column;
  for (var c = 0u; c < min(4u, dims.y.w - column); c++) {
    y[first + c] = dims.scale * sum[c];
  }
}
