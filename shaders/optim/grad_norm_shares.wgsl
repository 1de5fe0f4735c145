import package::lib::grid::linear_index;
import package::optim::non_finite::severity;

// Sums of squares of shares of a gradient, each with the worst severity of its elements. g: [count]
// words of floats; shares: from `first` on [parts] pairs. An invocation takes every parts-th
// element: 2 flops and 4 bytes an element.

struct Dims {
  count: u32,
  parts: u32,
  first: u32,
}

@group(0) @binding(0) var<storage, read> g: array<u32>;
@group(0) @binding(1) var<storage, read_write> shares: array<vec2f>;
@group(0) @binding(2) var<uniform> dims: Dims;

const SIZE = 64u;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let part = linear_index(group, groups, lane, SIZE);
  if (part >= dims.parts) {
    return;
  }
  var sum = 0.0;
  var worst = 0.0;
  for (var i = part; i < dims.count; i += dims.parts) {
    let x = bitcast<f32>(g[i]);
    sum += x * x;
    worst = max(worst, severity(g[i]));
  }
  shares[dims.first + part] = vec2f(sum, worst);
}
