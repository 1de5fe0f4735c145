import package::lib::grid::linear_index;
import package::shape::padding::source;

// The gradient of what was padded along one dimension: dx of an element is the sum of dy over the
// places that repeat it: those before x, its own, those after. dx: [outer, size,
// inner]; dy: [outer, padded, inner].

struct Dims {
  count: u32, // outer * size * inner
  inner: u32,
  size: i32,
  padded: i32,
  before: i32,
  mode: u32,
}

@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read_write> dx: array<f32>;
@group(0) @binding(2) var<uniform> dims: Dims;

/// The sum over those of the places in [start, end) that repeat `row`; `first` is where place 0 lies.
fn sum_of(start: i32, end: i32, row: i32, first: u32) -> f32 {
  var sum = 0.0;
  for (var place = max(start, 0); place < min(end, dims.padded); place++) {
    if (source(place - dims.before, dims.size, dims.mode) == row) {
      sum += dy[first + u32(place) * dims.inner];
    }
  }
  return sum;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, 64u);
  if (i >= dims.count) {
    return;
  }
  let row = i32(i / dims.inner) % dims.size;
  let first = i / dims.inner / u32(dims.size) * u32(dims.padded) * dims.inner + i % dims.inner;
  let after = dims.before + dims.size;
  let own = row + dims.before;
  dx[i] = sum_of(0, dims.before, row, first)
    + sum_of(own, own + 1, row, first)
    + sum_of(after, dims.padded, row, first);
}
