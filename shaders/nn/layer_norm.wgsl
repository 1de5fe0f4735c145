import package::lib::grid::linear_index;
import package::nn::norm_row::{ given, params, store };
import package::nn::shared_row::{ after, four_at, has, LANES, row_of_invocation, sum_of_row };

// y = weight * ((x - mean) * rstd) + bias, rstd = 1 / sqrt(variance + eps), mean and biased variance
// of each row. row_stats: [rows] of (mean, rstd). LANES invocations a row, three passes: mean,
// variance, result.

@group(0) @binding(4) var<storage, read_write> row_stats: array<vec2f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, LANES, params.rows, params.width, 1u);
  var sums = vec4f();
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    sums += select(vec4f(), given(four.at), four.inside);
  }
  let mean = sum_of_row(lane, sums) / f32(params.width);
  var squares = vec4f();
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let away = select(vec4f(), given(four.at) - mean, four.inside);
    squares += away * away;
  }
  let rstd = inverseSqrt(sum_of_row(lane, squares) / f32(params.width) + params.eps);
  if (row.exists && row.lane == 0u) {
    row_stats[row.index] = vec2f(mean, rstd);
  }
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    store(four, (given(four.at) - mean) * rstd);
  }
}
