import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::shared_row::{ after, four_at, has, row_of_invocation };

// dlogits = g * (keep * w_t * (p - onehot) + spread * (W * p - w)), p = exp(x - max) / sum of exp,
// from the statistics that cross_entropy_rows computed; g is dloss of the row, or dloss /
// normalizer of a reduced loss. spread is 0 unless SMOOTHED. 0 where the label is ignored. logits,
// dlogits: [outer, C, inner]; stats, targets: [rows]; dloss: [rows] or [1]; normalizer: [1].
// `parts` invocations a row.

struct Params {
  rows: u32, // outer * inner
  classes: u32,
  inner: u32,
  parts: u32,
  weighted: u32,
  reduced: u32,
  first: u32, // class, where these are a part of all
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

override SMOOTHED: bool = false;

fn incoming(row: u32) -> f32 {
  if (params.reduced == 0u) {
    return dloss[row];
  }
  return dloss[0] / normalizer[0];
}

fn given(at: vec4u) -> vec4f {
  return vec4f(logits[at.x], logits[at.y], logits[at.z], logits[at.w]);
}

fn weights_of(column: vec4u) -> vec4f {
  if (params.weighted == 0u) {
    return vec4f(1.0);
  }
  return vec4f(weight[column.x], weight[column.y], weight[column.z], weight[column.w]);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, params.parts, params.rows, params.classes, params.inner);
  let stat = stats[row.index];
  let own = targets[row.index];
  let flow = incoming(row.index);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let p = exp(max(given(four.at) - stat.x, vec4f(NOTHING))) / stat.y;
    let onehot = select(vec4f(), vec4f(1.0), four.column + params.first == vec4u(u32(own)));
    var slope = params.keep * (stat.z * (p - onehot));
    if (SMOOTHED) {
      slope += params.spread * (stat.w * p - weights_of(four.column));
    }
    let value = select(vec4f(), flow * slope, own >= 0);
    dlogits[four.at.x] = value.x;
    dlogits[four.at.y] = value.y;
    dlogits[four.at.z] = value.z;
    dlogits[four.at.w] = value.w;
  }
}
