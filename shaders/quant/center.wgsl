// mean[0] = mean of x, y[i] = x[i] - mean. n floats, one workgroup: made for block statistics, which are few. A lane adds every 64th
// element, then six levels of a tree; the order is fixed.

struct Sizes {
  n: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

var<workgroup> sums: array<f32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < sizes.n; i += 64u) {
    sum += x[i];
  }
  sums[local] = sum;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (local < half) {
      sums[local] += sums[local + half];
    }
    workgroupBarrier();
  }
  let average = sums[0] / f32(sizes.n);
  if (local == 0u) {
    mean[0] = average;
  }
  for (var i = local; i < sizes.n; i += 64u) {
    y[i] = x[i] - average;
  }
}
