import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::along_axis::start_of;

// What cross-entropy needs of the classes of a row, in `parts` parts of a row, of every parts-th
// class each: (max, sum of exp(x - max), sum of w (max - x), sum of w); only label smoothing needs
// the latter two. logits: [outer, C, inner]; weight: [C], 1 without; row_parts: [rows, parts], rows
// = outer * inner. One invocation a part, two passes over its classes.

struct Params {
  rows: u32,
  classes: u32,
  inner: u32,
  parts: u32,
  weighted: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> row_parts: array<vec4f>;
@group(0) @binding(3) var<uniform> params: Params;

const SIZE = 64u;

fn weight_of(class_index: u32) -> f32 {
  if (params.weighted == 0u) {
    return 1.0;
  }
  return weight[class_index];
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, SIZE);
  if (i >= params.rows * params.parts) {
    return;
  }
  let row = i / params.parts;
  let part = i % params.parts;
  let first = start_of(row, params.classes, params.inner);
  var largest = logits[first + part * params.inner];
  for (var c = part + params.parts; c < params.classes; c += params.parts) {
    largest = max(largest, logits[first + c * params.inner]);
  }
  var sum = 0.0;
  var away = 0.0;
  var weights = 0.0;
  for (var c = part; c < params.classes; c += params.parts) {
    let x = logits[first + c * params.inner] - largest;
    sum += exp(max(x, NOTHING));
    away -= weight_of(c) * x;
    weights += weight_of(c);
  }
  row_parts[i] = vec4f(largest, sum, away, weights);
}
