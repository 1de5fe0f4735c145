import package::lib::grid::linear_index;
import package::nn::norm_slope::{ given, params, store, weighed };
import package::nn::shared_row::{ after, four_at, has, LANES, row_of_invocation, sum_of_row };

// dx = rstd * (weight * dy - x * (rstd^2 * sum_j(weight_j dy_j x_j) / width)). rstd: [rows]. LANES
// invocations a row, two passes.

@group(0) @binding(2) var<storage, read> rstd: array<f32>;

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
    sums += select(vec4f(), weighed(four), four.inside) * given(four.at);
  }
  let scale = rstd[row.index];
  let along = scale * scale * sum_of_row(lane, sums) / f32(params.width);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    store(four, scale * (weighed(four) - given(four.at) * along));
  }
}
