import package::optim::loss_scale::{Growth, LossScale, updated};

// Dynamic loss scaling over [steps] steps of SGD whose gradient is 1: where found_inf is not 0 the
// step is left out, else param -= lr. One invocation, since each step needs the one before it.
// scale, param: [steps], after each step, from init_scale and 0.

struct Dims {
  steps: u32,
  interval: u32,
  growth: f32,
  largest: f32,
  backoff: f32,
  init_scale: f32,
  lr: f32,
}

@group(0) @binding(0) var<storage, read> found_inf: array<f32>;
@group(0) @binding(1) var<storage, read_write> scale: array<f32>;
@group(0) @binding(2) var<storage, read_write> param: array<f32>;
@group(0) @binding(3) var<uniform> dims: Dims;

@compute @workgroup_size(1)
fn main() {
  let growth = Growth(dims.interval, dims.growth, dims.largest, dims.backoff);
  var now = LossScale(dims.init_scale, 0u);
  var value = 0.0;
  for (var step = 0u; step < dims.steps; step++) {
    let found = found_inf[step] != 0.0;
    now = updated(now, found, growth);
    value -= select(dims.lr, 0.0, found);
    scale[step] = now.scale;
    param[step] = value;
  }
}
