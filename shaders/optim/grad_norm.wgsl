import package::lib::lanes::{LANES, sum_of_lanes};
import package::optim::non_finite::{INFINITE, INFINITY, NO_NUMBER, NOT_A_NUMBER};
import package::optim::root::root;

// Root of the sum of all gradients' shares, as a word: infinite where an element is, no number
// where one is none. One workgroup.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> shares: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> norm: array<u32>;
@group(0) @binding(2) var<uniform> dims: Dims;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  var worst = 0.0;
  for (var i = lane; i < dims.count; i += LANES) {
    sum += shares[i].x;
    worst = max(worst, shares[i].y);
  }
  let squares = sum_of_lanes(lane, sum);
  let found = sum_of_lanes(lane, worst);
  if (lane < 1u) {
    let finite = bitcast<u32>(root(vec4f(squares)).x);
    norm[lane] = select(select(finite, INFINITY, found >= INFINITE), NOT_A_NUMBER, found >= NO_NUMBER);
  }
}
