import package::lib::grid::linear_index;
import package::nn::along_axis::row_of;

// log_probs = (x - max) - log(sum of exp), of rows whose statistics cross_entropy_rows computed.
// logits, log_probs: [outer, C, inner].

struct Params {
  count: u32, // outer * C * inner
  classes: u32,
  inner: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> log_probs: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

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
  log_probs[i] = (logits[i] - stats[row].x) - log(stats[row].y);
}
