import package::lib::grid::linear_index;
import package::nn::along_axis::start_of;

// dlog_probs = -g * w_t at the target of a row; it holds zeros before, which stay elsewhere. g is
// dloss of the row, or dloss / normalizer of a reduced loss. dlog_probs: [outer, C, inner]; stats
// (w_t in z), targets, -1 where the label is ignored: [rows], rows = outer * inner; dloss: [rows] or
// [1]; normalizer: [1].

struct Params {
  rows: u32,
  classes: u32,
  inner: u32,
  reduced: u32,
}

@group(0) @binding(0) var<storage, read> stats: array<vec4f>;
@group(0) @binding(1) var<storage, read> targets: array<i32>;
@group(0) @binding(2) var<storage, read> dloss: array<f32>;
@group(0) @binding(3) var<storage, read> normalizer: array<f32>;
@group(0) @binding(4) var<storage, read_write> dlog_probs: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, 64u);
  if (row >= params.rows || targets[row] < 0) {
    return;
  }
  var flow = dloss[0] / normalizer[0];
  if (params.reduced == 0u) {
    flow = dloss[row];
  }
  let at = start_of(row, params.classes, params.inner) + u32(targets[row]) * params.inner;
  dlog_probs[at] = -flow * stats[row].z;
}
