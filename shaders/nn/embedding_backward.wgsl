import package::lib::fours::end_of;
import package::lib::grid::{ MANY, linear_index };

// dweight[v] = sum of dy[row] over the rows whose id is v, in ascending order of rows:
// deterministic; 0 for the row `padding`. dy: [rows, D], dweight: [V, D]. `chain` comes from
// embedding_chain. rows * D additions. Four elements an invocation.

struct Dims {
  count: u32, // V * D
  width: u32, // D
  rows: u32,
  vocabulary: u32, // V
  padding: u32,    // V for none
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> chain: array<u32>;
@group(0) @binding(2) var<storage, read_write> dweight: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

// Whether each four lie in one row.
override FOURS: bool = false;

// The first row of dy that adds to row `id`, or `rows`.
fn head_of(id: u32) -> u32 {
  return select(chain[id], dims.rows, id == dims.padding);
}

// Where row `row` of dy has what adds to element `i`.
fn place(row: u32, i: u32) -> u32 {
  return row * dims.width + i % dims.width;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = 4u * linear_index(group, groups, lane, MANY);
  if (i >= dims.count) {
    return;
  }
  if (FOURS) {
    var sums = vec4f();
    for (var row = head_of(i / dims.width); row != dims.rows; row = chain[dims.vocabulary + row]) {
      let at = place(row, i);
      sums += vec4f(dy[at], dy[at + 1u], dy[at + 2u], dy[at + 3u]);
    }
    dweight[i] = sums.x;
    dweight[i + 1u] = sums.y;
    dweight[i + 2u] = sums.z;
    dweight[i + 3u] = sums.w;
    return;
  }
  for (var c = i; c < end_of(i, dims.count); c++) {
    var sum = 0.0;
    for (var row = head_of(c / dims.width); row != dims.rows; row = chain[dims.vocabulary + row]) {
      sum += dy[place(row, c)];
    }
    dweight[c] = sum;
  }
}
