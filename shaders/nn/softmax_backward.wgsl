import package::lib::grid::linear_index;
import package::nn::shared_row::{ after, four_at, has, LANES, row_of_invocation, sum_of_row };
import package::nn::softmax_slope::{ incoming, params, results, store };

// dx = y * (dy - sum_j dy_j y_j) along an axis. LANES invocations a row, two passes.

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, LANES, params.rows, params.classes, params.inner);
  var sums = vec4f();
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    sums += select(vec4f(), incoming(four.at), four.inside) * results(four.at);
  }
  let mean = sum_of_row(lane, sums);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    store(four, results(four.at) * (incoming(four.at) - mean));
  }
}
