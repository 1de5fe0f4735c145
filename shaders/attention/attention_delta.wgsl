import package::attention::attention::{ Attention, place_of };
import package::lib::grid::linear_index;

// delta = sum over the columns of dy * y, of each query: what every score's gradient has taken
// away. dy, y: [B, H, Q, Dv] or [B, Q, H * Dv]; delta: [B, H, Q].

@group(0) @binding(0) var<storage, read> y: array<f32>;
@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read_write> delta: array<f32>;
@group(0) @binding(3) var<uniform> attention: Attention;

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
  let first = dot(place_of(row, attention.heads, attention.queries), attention.y.xyz);
  var sum = 0.0;
  for (var c = first; c < first + attention.y.w; c++) {
    sum += dy[c] * y[c];
  }
  delta[row] = sum;
}
