import package::lib::grid::linear_index;
import package::nn::along_axis::row_of;

// dlog_probs = -g * w_t where a class is the row's target, else 0; g is dloss of the row, or dloss
// / normalizer of a reduced loss. dlog_probs: [outer, C, inner]; stats (w_t in z), targets: [rows];
// dloss: [rows] or [1]; normalizer: [1].

struct Params {
  count: u32, // outer * C * inner
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

const SIZE = 64u;

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
  var slope = 0.0;
  if (targets[row] == i32(i / params.inner % params.classes)) {
    if (params.reduced == 0u) {
      slope = -dloss[row] * stats[row].z;
    } else {
      slope = -(dloss[0] / normalizer[0]) * stats[row].z;
    }
  }
  dlog_probs[i] = slope;
}
