import package::lib::grid::linear_index;
import package::nn::norm_columns::{ columns_of, given, incoming, params, store };

// dweight = sum over rows of dy * (x * rstd), or the sums of parts of the rows, in ascending order of
// rows. rstd: [rows].

@group(0) @binding(1) var<storage, read> rstd: array<f32>;

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
    sum += incoming(at) * (given(at) * rstd[row]);
  }
  store(columns, sum);
}
