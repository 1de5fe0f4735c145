import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::shared_row::{ after, four_at, has, row_of_invocation };

// What cross-entropy needs of the classes of a row, in `parts` parts of a row, of every parts-th
// class each: (max, sum of exp(x - max), sum of w (max - x), sum of w); the latter two where
// SMOOTHED. logits: [outer, C, inner]; weight: [C], 1 without; row_parts: [rows, parts], rows = outer
// * inner. One invocation a part, two passes over its classes.

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

override SMOOTHED: bool = false;

fn given(at: vec4u) -> vec4f {
  return vec4f(logits[at.x], logits[at.y], logits[at.z], logits[at.w]);
}

fn weights_of(column: vec4u) -> vec4f {
  if (params.weighted == 0u) {
    return vec4f(1.0);
  }
  return vec4f(weight[column.x], weight[column.y], weight[column.z], weight[column.w]);
}

fn total(four: vec4f) -> f32 {
  return (four.x + four.z) + (four.y + four.w);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, params.parts, params.rows, params.classes, params.inner);
  var most = vec4f(logits[row.first + row.lane * row.inner]);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    most = max(most, given(four_at(row, c).at));
  }
  let largest = max(max(most.x, most.y), max(most.z, most.w));
  var sums = vec4f();
  var away = vec4f();
  var weights = vec4f();
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let x = given(four.at) - largest;
    sums += select(vec4f(), exp(max(x, vec4f(NOTHING))), four.inside);
    if (SMOOTHED) {
      let w = select(vec4f(), weights_of(four.column), four.inside);
      away -= w * x;
      weights += w;
    }
  }
  if (row.exists) {
    row_parts[i] = vec4f(largest, total(sums), total(away), total(weights));
  }
}
