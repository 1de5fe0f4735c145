import package::lib::lanes::{LANES, sum_of_lanes};

// The sum or the weighted mean of the rows' losses: loss = sum of losses / normalizer, normalizer =
// sum of w_t for the mean, else 1. losses: [rows]; stats: [rows], w_t in z; loss, normalizer: [1].
// One workgroup; fixed order: strided sums, then a tree.

struct Params {
  rows: u32,
  mean: u32,
}

@group(0) @binding(0) var<storage, read> losses: array<f32>;
@group(0) @binding(1) var<storage, read> stats: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> loss: array<f32>;
@group(0) @binding(3) var<storage, read_write> normalizer: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(LANES)
fn main(@builtin(local_invocation_index) lane: u32) {
  var part = vec2f(0.0);
  for (var row = lane; row < params.rows; row += LANES) {
    part += vec2f(losses[row], stats[row].z);
  }
  let sum = sum_of_lanes(lane, part.x);
  let weights = sum_of_lanes(lane, part.y);
  if (lane >= 1u) {
    return;
  }
  if (params.mean == 0u) {
    loss[lane] = sum;
    normalizer[lane] = 1.0;
  } else {
    loss[lane] = sum / weights;
    normalizer[lane] = weights;
  }
}
