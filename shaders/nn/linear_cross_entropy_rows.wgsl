import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::target::{ class_of, predicts };

// Joins the logits of a chunk of classes to what is known of those before: stats (max, sum of exp(x
// - max), 1 where the label counts, the logit of the label), which after the last chunk are those of
// all classes; targets, -1 where the label is ignored; loss = log(sum) + (max - logit of the label).
// logits: [rows, classes]; labels, losses, targets: [rows]; row_parts: [rows, parts] of
// cross_entropy_parts; stats: [rows]. One invocation a row.

struct Params {
  rows: u32,
  classes: u32, // of the chunk
  parts: u32,
  first: u32, // class of the chunk
  total: u32,
  ignore_index: i32,
  sequence: u32, // as cross_entropy_rows has it
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> row_parts: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> targets: array<i32>;
@group(0) @binding(6) var<uniform> params: Params;

fn target_of(row: u32) -> i32 {
  if (!predicts(row, params.sequence)) {
    return -1;
  }
  return class_of(labels[row + u32(params.sequence > 0u)], params.total, params.ignore_index);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, 64u);
  if (row >= params.rows) {
    return;
  }
  let first_part = row * params.parts;
  var known = vec4f(row_parts[first_part].x, 0.0, 0.0, 0.0);
  if (params.first > 0u) {
    known = stats[row];
  }
  var largest = known.x;
  for (var i = first_part; i < first_part + params.parts; i++) {
    largest = max(largest, row_parts[i].x);
  }
  var sum = known.y * exp(max(known.x - largest, NOTHING));
  for (var i = first_part; i < first_part + params.parts; i++) {
    sum += row_parts[i].y * exp(max(row_parts[i].x - largest, NOTHING));
  }
  let own = target_of(row);
  let place = u32(own) - params.first;
  var score = known.w;
  if (own >= 0 && place < params.classes) {
    score = logits[row * params.classes + place];
  }
  targets[row] = own;
  losses[row] = select(0.0, log(sum) + (largest - score), own >= 0);
  stats[row] = vec4f(largest, sum, f32(own >= 0), score);
}
