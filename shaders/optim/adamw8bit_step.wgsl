// One step of AdamW in place over `count` elements whose moments are 8-bit codes of a dynamic map,
// relative to the absmax of their block: decoded, moved, and coded anew by the absmax that they then
// have; the parameter moves by the moments as they are before that. grad, param: floats; map: the 256
// values of the first moment, then those of the second; exp_avg, exp_avg_sq: a byte an element, with
// a scale a block. LANES invocations share a block, four elements at a time, and go through it
// twice: for its absmax, and for the codes; with one there is no barrier. Under loss scaling (SCALED)
// the numbers of the step are those that amp_step_rates left, and nothing changes where it left none.
// 40 flops, 44 reads of the map and 20 bytes an element.

import package::lib::block_scale::{BlockScale, block_scale, relative_to_block};
import package::lib::fours::inside;
import package::lib::grid::linear_index;
import package::optim::adam::{Adam, AdamStep, Moments, moments, moved};
import package::quant::map_codes::{LUT16, code_of, map};

struct Step {
  count: u32,
  block: u32, // a multiple of four
  decay: f32,
  rest_of_beta1: f32,
  beta2: f32,
  rest_of_beta2: f32,
  step_size: f32,
  correction: f32,
  eps: f32,
}

@group(0) @binding(0) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> exp_avg: array<u32>;
@group(0) @binding(4) var<storage, read_write> exp_avg_absmax: array<f32>;
@group(0) @binding(5) var<storage, read_write> exp_avg_sq: array<u32>;
@group(0) @binding(6) var<storage, read_write> exp_avg_sq_absmax: array<f32>;
@group(0) @binding(7) var<storage, read> found_step: array<vec4f>;
@group(0) @binding(8) var<uniform> step: Step;

override LANES: u32 = 1u;
override SCALED: bool = false;

const SIZE = 64u;
const UNSIGNED = 256u; // where the map of the second moment begins
const ZERO = 127u; // the code of 0 in the signed map

var<workgroup> found: array<vec2u, SIZE>;

@compute @workgroup_size(SIZE)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  var now = AdamStep(step.decay, step.step_size, step.correction);
  if (SCALED) {
    let of_device = found_step[0];
    if (of_device.w == 0.0) {
      return;
    }
    now = AdamStep(of_device.x, of_device.y, of_device.z);
  }
  let j = linear_index(group, groups, local, SIZE) / LANES;
  let lane = local % LANES;
  let first = j * (step.block / 4u);
  let end = min(first + step.block / 4u, (step.count + 3u) / 4u);
  let adam = Adam(0.0, step.rest_of_beta1, step.beta2, step.rest_of_beta2, step.eps);
  let old = vec2f(exp_avg_absmax[j], exp_avg_sq_absmax[j]);

  var largest = vec2u();
  for (var i = first + lane; i < end; i += LANES) {
    let after = moments_after(i, old, adam);
    let among = inside(i, step.count);
    largest = max(largest, vec2u(magnitude(after.exp_avg, among), magnitude(after.exp_avg_sq, among)));
  }
  if (LANES > 1u) {
    found[local] = largest;
    workgroupBarrier();
    for (var other = local - lane; other < local - lane + LANES; other++) {
      largest = max(largest, found[other]);
    }
  }
  if (first < end && lane == 0u) {
    exp_avg_absmax[j] = bitcast<f32>(largest.x);
    exp_avg_sq_absmax[j] = bitcast<f32>(largest.y);
  }

  let exp_avg_scale = block_scale(largest.x);
  let exp_avg_sq_scale = block_scale(largest.y);
  for (var i = first + lane; i < end; i += LANES) {
    let after = moments_after(i, old, adam);
    let among = inside(i, step.count);
    let before = param[i];
    param[i] = select(before, moved(before, after, adam, now), among);
    exp_avg[i] = coded(after.exp_avg, exp_avg_scale, 0u, among);
    exp_avg_sq[i] = coded(after.exp_avg_sq, exp_avg_sq_scale, UNSIGNED, among);
  }
}

// Of elements 4 i to 4 i + 3, whose block had these scales.
fn moments_after(i: u32, old: vec2f, adam: Adam) -> Moments {
  let before = Moments(old.x * decoded(exp_avg[i], 0u), old.y * decoded(exp_avg_sq[i], UNSIGNED));
  return moments(vec4f(), grad[i], before, adam);
}

fn decoded(word: u32, first: u32) -> vec4f {
  return vec4f(
    map[first + (word & 255u)],
    map[first + ((word >> 8u) & 255u)],
    map[first + ((word >> 16u) & 255u)],
    map[first + (word >> 24u)],
  );
}

// Bits of the largest magnitude of those that are there.
fn magnitude(x: vec4f, among: vec4<bool>) -> u32 {
  let bits = select(vec4u(), bitcast<vec4u>(abs(x)), among);
  return max(max(bits.x, bits.y), max(bits.z, bits.w));
}

fn coded(x: vec4f, scale: BlockScale, first: u32, among: vec4<bool>) -> u32 {
  let y = relative_to_block(bitcast<vec4u>(x), scale);
  var word = 0u;
  for (var k = 0u; k < 4u; k++) {
    let code = code_of(y[k], first);
    // bitsandbytes' CUDA code, which takes the nearest, lets nothing lose its sign.
    let signed = select(code, ZERO - 1u, !LUT16 && y[k] < 0.0 && code == ZERO);
    word |= select(0u, signed, among[k]) << (8u * k);
  }
  return word;
}
