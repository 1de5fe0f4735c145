import package::lib::grid::linear_index;
import package::nn::norm_row::{ given, params, store };
import package::nn::shared_row::{ after, four_at, has, LANES, row_of_invocation, sum_of_row };

// y = weight * (x * rstd) + bias, rstd = 1 / sqrt(mean(x^2) + eps) of each row. rstd: [rows]. LANES
// invocations a row, two passes.

@group(0) @binding(4) var<storage, read_write> rstd: array<f32>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, LANES, params.rows, params.width, 1u);
  var squares = vec4f();
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let elements = select(vec4f(), given(four.at), four.inside);
    squares += elements * elements;
  }
  let scale = inverseSqrt(sum_of_row(lane, squares) / f32(params.width) + params.eps);
  if (row.exists && row.lane == 0u) {
    rstd[row.index] = scale;
  }
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    store(four, given(four.at) * scale);
  }
}
