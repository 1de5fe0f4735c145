import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::along_axis::start_of;
import package::nn::target::{ class_of, predicts };

// Cross-entropy of each row: loss = keep * w_t * nll_t + spread * sum_c w_c * nll_c, nll_c =
// log(sum_j exp(x_j - max)) + (max - x_c), where keep = 1 - label_smoothing, spread =
// label_smoothing / C, w are class weights (1 without). One invocation a row, which joins the parts
// of cross_entropy_parts. logits: [outer, C, inner]; labels, loss, targets: [rows], rows = outer *
// inner; row_parts: [rows, parts]; stats: [rows] of (max, sum of exp, w_t, sum of w). A row whose
// label is ignored has target -1, w_t 0 and loss 0. A label outside [0, C) counts as the nearest
// class.

struct Params {
  rows: u32,
  classes: u32,
  inner: u32,
  parts: u32,
  weighted: u32,
  ignore_index: i32,
  // 0, or: row i of each `sequence` rows predicts the label of row i + 1, and the last predicts
  // nothing.
  sequence: u32,
  keep: f32,
  spread: f32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read> row_parts: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;
@group(0) @binding(5) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> targets: array<i32>;
@group(0) @binding(7) var<uniform> params: Params;

const SIZE = 64u;

fn target_of(row: u32) -> i32 {
  if (!predicts(row, params.sequence)) {
    return -1;
  }
  return class_of(labels[row + u32(params.sequence > 0u)], params.classes, params.ignore_index);
}

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
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= params.rows) {
    return;
  }
  let first_part = row * params.parts;
  var largest = row_parts[first_part].x;
  for (var i = first_part + 1u; i < first_part + params.parts; i++) {
    largest = max(largest, row_parts[i].x);
  }
  var sum = 0.0;
  var away = 0.0;
  var weights = 0.0;
  for (var i = first_part; i < first_part + params.parts; i++) {
    let part = row_parts[i];
    sum += part.y * exp(max(part.x - largest, NOTHING));
    if (params.spread > 0.0) { // masked classes may be too far away for float32
      away += part.z + part.w * (largest - part.x);
      weights += part.w;
    }
  }
  let target_class = target_of(row);
  targets[row] = target_class;
  if (target_class < 0) {
    loss[row] = 0.0;
    stats[row] = vec4f(largest, sum, 0.0, weights);
    return;
  }
  let class_index = u32(target_class);
  let first = start_of(row, params.classes, params.inner);
  let target_weight = weight_of(class_index);
  let nll = log(sum) + (largest - logits[first + class_index * params.inner]);
  loss[row] = params.keep * (target_weight * nll) + params.spread * (away + weights * log(sum));
  stats[row] = vec4f(largest, sum, target_weight, weights);
}
