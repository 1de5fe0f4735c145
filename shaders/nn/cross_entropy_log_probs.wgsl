import package::lib::grid::linear_index;
import package::nn::shared_row::{ after, four_at, has, row_of_invocation };

// log_probs = (x - max) - log(sum of exp), of rows whose statistics cross_entropy_rows computed.
// logits, log_probs: [outer, C, inner]. `parts` invocations a row.

struct Params {
  rows: u32, // outer * inner
  classes: u32,
  inner: u32,
  parts: u32,
}

@group(0) @binding(0) var<storage, read> logits: array<f32>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> log_probs: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

fn given(at: vec4u) -> vec4f {
  return vec4f(logits[at.x], logits[at.y], logits[at.z], logits[at.w]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, params.parts, params.rows, params.classes, params.inner);
  let largest = stats[row.index].x;
  let logarithm = log(stats[row.index].y);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let value = (given(four.at) - largest) - logarithm;
    log_probs[four.at.x] = value.x;
    log_probs[four.at.y] = value.y;
    log_probs[four.at.z] = value.z;
    log_probs[four.at.w] = value.w;
  }
}
