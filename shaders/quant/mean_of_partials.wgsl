// mean[0] = factor * (sum of the sums) / (sum of the counts), 0 where nothing was counted. partial: `lanes` pairs of a float sum and a
// count in bits. One workgroup: a lane adds every 64th pair, then six levels of a tree.

struct Sizes {
  lanes: u32,
  factor: f32,
}

@group(0) @binding(0) var<storage, read> partial: array<u32>;
@group(0) @binding(1) var<storage, read_write> mean: array<f32>;
@group(0) @binding(2) var<uniform> sizes: Sizes;

var<workgroup> sums: array<f32, 64>;
var<workgroup> counts: array<u32, 64>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  var count = 0u;
  for (var lane = local; lane < sizes.lanes; lane += 64u) {
    sum += bitcast<f32>(partial[2u * lane]);
    count += partial[2u * lane + 1u];
  }
  sums[local] = sum;
  counts[local] = count;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (local < half) {
      sums[local] += sums[local + half];
      counts[local] += counts[local + half];
    }
    workgroupBarrier();
  }
  if (local == 0u) {
    mean[0] = sizes.factor * sums[0] / f32(max(counts[0], 1u));
  }
}
