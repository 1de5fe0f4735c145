import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::along_axis::row_of;

// dlogits = g * (keep * w_t * (p - onehot) + spread * (W * p - w)), p = exp(x - max) / sum of exp,
// from the statistics that cross_entropy_rows computed; g is dloss of the row, or dloss /
// normalizer of a reduced loss. 0 where the label is ignored. logits, dlogits: [outer, C, inner];
// stats, targets: [rows]; dloss: [rows] or [1]; normalizer: [1].

struct Params {
  count: u32, // outer * C * inner
  classes: u32,
  inner: u32,
  weighted: u32,
  reduced: u32,
  keep: f32,
  spread: f32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read> targets: array<i32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> dloss: array<f32>;
@group(0) @binding(5) var<storage, read> normalizer: array<f32>;
@group(0) @binding(6) var<storage, read_write> dlogits: array<f32>;
@group(0) @binding(7) var<uniform> params: Params;

const SIZE = 64u;

fn incoming(row: u32) -> f32 {
  if (params.reduced == 0u) {
    return dloss[row];
  }
  return dloss[0] / normalizer[0];
}

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, SIZE);
  if (i >= params.count) {
    return;
  }
  let row = row_of(i, params.classes, params.inner);
  let class_index = i / params.inner % params.classes;
  if (targets[row] < 0) {
    dlogits[i] = 0.0;
    return;
  }
  let stat = stats[row];
  let p = exp(max(logits[i] - stat.x, NOTHING)) / stat.y;
  let onehot = f32(targets[row] == i32(class_index));
  var class_weight = 1.0;
  if (params.weighted > 0u) {
    class_weight = weight[class_index];
  }
  let slope = params.keep * (stat.z * (p - onehot)) + params.spread * (stat.w * p - class_weight);
  dlogits[i] = incoming(row) * slope;
}
