import package::optim::loss_scale::{Growth, LossScale, updated};

// After a step of the optimizer, in place: the next scale, the tracker of its growth, and the count
// of steps that were taken. One invocation.

struct Dims {
  interval: u32,
  growth: f32,
  largest: f32,
  backoff: f32,
}

@group(0) @binding(0) var<storage, read> found_inf: array<f32>;
@group(0) @binding(1) var<storage, read_write> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> growth_tracker: array<u32>;
@group(0) @binding(3) var<storage, read_write> steps: array<u32>;
@group(0) @binding(4) var<uniform> dims: Dims;

@compute @workgroup_size(1)
fn main() {
  let found = found_inf[0] != 0.0;
  let growth = Growth(dims.interval, dims.growth, dims.largest, dims.backoff);
  let after = updated(LossScale(scale[0], growth_tracker[0]), found, growth);
  scale[0] = after.scale;
  growth_tracker[0] = after.tracker;
  steps[0] += select(1u, 0u, found);
}
