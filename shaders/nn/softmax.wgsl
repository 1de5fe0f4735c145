import package::lib::exp::NOTHING;
import package::lib::grid::linear_index;
import package::nn::shared_row::{
  after, four_at, has, LANES, largest_of_row, row_of_invocation, sum_of_row,
};
import package::nn::softmax_row::{ given, params, store, stored, x };

// y = exp(x - max) / sum of exp(x - max) along an axis. LANES invocations a row, three passes; y
// holds the exponentials before they are divided.

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  let row = row_of_invocation(i, LANES, params.rows, params.classes, params.inner);
  var most = vec4f(x[row.first]);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    most = max(most, given(four_at(row, c).at));
  }
  let largest = largest_of_row(lane, most);
  var sums = vec4f();
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    let powers = exp(max(given(four.at) - largest, vec4f(NOTHING)));
    sums += select(vec4f(), powers, four.inside);
    store(four, powers);
  }
  let sum = sum_of_row(lane, sums);
  for (var c = row.lane; has(row, c); c = after(row, c)) {
    let four = four_at(row, c);
    store(four, stored(four.at) / sum);
  }
}
