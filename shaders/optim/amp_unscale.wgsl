import package::lib::grid::linear_index;
import package::optim::non_finite::{INFINITY, MAGNITUDE};

// g /= scale, in place over `count` words of floats; what is not finite becomes 0, and is noted.
// flags: [parts], 1 where there was any. An invocation takes every parts-th element: 1 flop and 8
// bytes an element.

struct Dims {
  count: u32,
  parts: u32,
}

@group(0) @binding(0) var<storage, read> scale: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<u32>;
@group(0) @binding(2) var<storage, read_write> flags: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let part = linear_index(group, groups, lane, 64u);
  if (part >= dims.parts) {
    return;
  }
  var flag = 0.0;
  for (var i = part; i < dims.count; i += dims.parts) {
    let word = g[i];
    let finite = (word & MAGNITUDE) < INFINITY;
    flag = select(1.0, flag, finite);
    g[i] = select(0u, bitcast<u32>(bitcast<f32>(word) / scale[0]), finite);
  }
  flags[part] = flag;
}
