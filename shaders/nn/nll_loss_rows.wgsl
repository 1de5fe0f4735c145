import package::lib::grid::linear_index;
import package::nn::along_axis::start_of;

// Negative log-likelihood of each row: loss = -w_t * log_probs[t]; 0 where the label is ignored.
// log_probs: [outer, C, inner]; labels, loss, targets: [rows], rows = outer * inner; weight: [C], 1
// without; stats: [rows] with w_t in z, as cross_entropy_reduce takes them, and the loss beside.
// targets are -1 where the label is ignored. A label outside [0, C) counts as the nearest class.

struct Params {
  rows: u32,
  classes: u32,
  inner: u32,
  weighted: u32,
  ignore_index: i32,
}

@group(0) @binding(0) var<storage, read> log_probs: array<f32>;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> targets: array<i32>;
@group(0) @binding(6) var<uniform> params: Params;

const SIZE = 64u;

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
  let label = labels[row];
  var own: f32; // zero
  var target_weight: f32;
  var target_class = -1;
  if (label != params.ignore_index) {
    target_class = clamp(label, 0, i32(params.classes) - 1);
    target_weight = 1.0;
    if (params.weighted != 0u) {
      target_weight = weight[target_class];
    }
    let first = start_of(row, params.classes, params.inner);
    own = -target_weight * log_probs[first + u32(target_class) * params.inner];
  }
  loss[row] = own;
  stats[row] = vec4f(own, own, target_weight, own);
  targets[row] = target_class;
}
