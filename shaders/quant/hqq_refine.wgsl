// A pass of HQQ's half-quadratic solver. With q the code of x, e = x - (q - zero) / inverse and
// w = sign(e) max(|e| - |e|^(p-1) / beta, 0), a group's zero becomes the mean of
// q - (x - w) inverse, previous the zero before, error the sum of |e|. A pass does nothing unless
// the error of the pass before, `last`, was less than that of the one before it, `earlier`: the sum
// is then that of the pass before once more, so that no later pass does anything. One invocation
// takes a group.

import package::lib::grid::linear_index;
import package::quant::hqq_groups::{ code_of, Groups };

struct Pass {
  groups: Groups,
  top: f32,
  power: f32, // p - 1
  share: f32, // 1 / beta
}

@group(0) @binding(0) var<storage, read> weight: array<f32>;
@group(0) @binding(1) var<storage, read> inverse: array<f32>;
@group(0) @binding(2) var<storage, read> earlier: array<f32>;
@group(0) @binding(3) var<storage, read> last: array<f32>;
@group(0) @binding(4) var<storage, read_write> zero: array<f32>;
@group(0) @binding(5) var<storage, read_write> previous: array<f32>;
@group(0) @binding(6) var<storage, read_write> error: array<f32>;
@group(0) @binding(7) var<uniform> pass_of: Pass;

// Its logarithm is finite, and of what is nearer to 0 nothing is left.
const TINY = 7.888609e-31; // 2^-100

fn shrunk(e: f32) -> f32 {
  let size = abs(e);
  let lost = pass_of.share * exp(pass_of.power * log(max(size, TINY)));
  return sign(e) * max(size - lost, 0.0);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let j = linear_index(group, groups, local, 64u);
  if (j >= pass_of.groups.count || last[0] >= earlier[0]) {
    return;
  }
  let first = j * pass_of.groups.across;
  let factor = inverse[j];
  let before = zero[j];
  var sum = 0.0;
  var size = 0.0;
  for (var k = 0u; k < pass_of.groups.size; k++) {
    let x = weight[first + k * pass_of.groups.along];
    let code = code_of(x, factor, before, pass_of.top);
    let e = x - (code - before) / factor;
    size += abs(e);
    sum += code - (x - shrunk(e)) * factor;
  }
  zero[j] = sum / f32(pass_of.groups.size);
  previous[j] = before;
  error[j] = size;
}
