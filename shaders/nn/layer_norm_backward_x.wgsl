import package::lib::grid::linear_index;
import package::nn::norm_slope::{ given, params, store, weighed };
import package::nn::shared_row::{ after, four_at, has, LANES, row_of_invocation, sum_of_row };

// dx = rstd * (g - mean(g) - z * mean(g z)), g = weight * dy, z = (x - mean) * rstd. row_stats:
// [rows] of (mean, rstd). LANES invocations a row, two passes.

@group(0) @binding(2) var<storage, read> row_stats: array<vec2f>;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, LANES, params.rows, params.width, 1u);
  let mean = row_stats[row.index].x;
  let rstd = row_stats[row.index].y;
  var sums = vec4f();
  var products = vec4f();
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let g = select(vec4f(), weighed(four), four.inside);
    sums += g;
    products += g * ((given(four.at) - mean) * rstd);
  }
  let sum = sum_of_row(lane, sums) / f32(params.width);
  let along = sum_of_row(lane, products) / f32(params.width);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let z = (given(four.at) - mean) * rstd;
    store(four, rstd * (weighed(four) - sum - z * along));
  }
}
