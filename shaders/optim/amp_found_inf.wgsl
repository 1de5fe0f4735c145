import package::lib::lanes::{LANES, sum_of_lanes};

// found_inf = 1 where any of `count` flags is not 0, else 0. One workgroup.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> flags: array<f32>;
@group(0) @binding(1) var<storage, read_write> found_inf: array<f32>;
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var found = 0.0;
  for (var i = lane; i < dims.count; i += LANES) {
    found += flags[i];
  }
  let all = sum_of_lanes(lane, found);
  if (lane < 1u) {
    found_inf[lane] = min(all, 1.0);
  }
}
