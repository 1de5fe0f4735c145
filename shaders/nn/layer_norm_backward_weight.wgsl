import package::lib::grid::linear_index;
import package::nn::norm_columns::{ columns_of, given, incoming, params, store };

// dweight = sum over rows of dy * ((x - mean) * rstd), or the sums of parts of the rows, in ascending
// order of rows. row_stats: [rows] of (mean, rstd).

@group(0) @binding(1) var<storage, read> row_stats: array<vec2f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let columns = columns_of(linear_index(group, groups, lane, 64u));
  var sum = vec4f();
  for (var row = columns.part; row < params.rows; row += params.parts) {
    let at = row * params.width + columns.column;
    let stats = row_stats[row];
    sum += incoming(at) * ((given(at) - stats.x) * stats.y);
  }
  store(columns, sum);
}
