import package::attention::operands::attention;
import package::attention::place::place_of;
import package::lib::grid::linear_index;

// What the backward pass knows of each query: the largest score and the sum of exponentials, as
// attention_flash found them, and delta = sum over the columns of dy * y, which every score's
// gradient has taken away. y, dy: [B, H, Q, Dv] or [B, Q, H * Dv]; row_facts: [B, H, Q].

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> row_stats: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> row_facts: array<vec4f>;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let row = linear_index(group, groups, lane, SIZE);
  if (row >= attention.rows) {
    return;
  }
  let place = place_of(row, attention.heads, attention.queries);
  let first = dot(place, attention.y.xyz) / attention.y.w * attention.value_width;
  var sum = 0.0;
  for (var c = first; c < first + attention.value_width; c++) {
    sum += dy[c] * y[c];
  }
  row_facts[row] = vec4f(row_stats[row], sum, 0.0);
}
