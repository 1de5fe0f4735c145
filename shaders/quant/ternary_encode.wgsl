// trits[i] = 1 where w[i] > limit, -1 where w[i] < -limit, else 0. w: n elements of STORAGE f32, f16
// or bf16 (0, 1, 2); threshold: one float for every `width` elements; trits: signed bytes. The limit
// is the threshold; STOCHASTIC draws it for each element from 0 to two thresholds, by the words of
// counter (i / 4, 0, 0, 0). One invocation makes a word of 4.

import package::lib::grid::linear_index;
import package::lib::philox::philox;
import package::lib::storage::{word_of, f32_bits_of};

struct Sizes {
  seed: vec2u,
  n: u32,
  width: u32,
}

@group(0) @binding(0) var<storage, read> w: array<u32>;
@group(0) @binding(1) var<storage, read> threshold: array<f32>;
@group(0) @binding(2) var<storage, read_write> trits: array<u32>;
@group(0) @binding(3) var<uniform> sizes: Sizes;

override STORAGE: u32 = 0u;
override STOCHASTIC: bool = false;

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = linear_index(group, groups, local, 64u);
  let first = out * 4u;
  if (first >= sizes.n) {
    return;
  }
  var factors = vec4f(1.0);
  if (STOCHASTIC) { // multiples of 2^-23 below 2
    factors = vec4f(philox(vec4u(out, 0u, 0u, 0u), sizes.seed) >> vec4u(8u)) * 1.1920928955078125e-7;
  }
  var word = 0u;
  for (var k = 0u; k < 4u && first + k < sizes.n; k++) {
    let i = first + k;
    let x = bitcast<f32>(f32_bits_of(w[word_of(i, STORAGE)], i, STORAGE));
    let limit = threshold[i / sizes.width] * factors[k];
    let trit = select(0u, select(1u, 255u, 0.0 > x), abs(x) > limit);
    word |= trit << (8u * k);
  }
  trits[out] = word;
}
