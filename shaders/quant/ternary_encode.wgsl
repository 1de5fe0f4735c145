// trits[i] = 1 where w[i] > limit, -1 where w[i] < -limit, else 0. w: n elements of STORAGE f32, f16
// or bf16 (0, 1, 2); threshold: one float for every `width` elements; trits: signed bytes. The limit
// is the threshold; STOCHASTIC draws it for each element from 0 to two thresholds, by the words of
// counter (i / 4, 0, 0, 0). One invocation makes a word of 4; what fills the last one up is 0.

import package::lib::grid::linear_index;
import package::lib::philox::philox;
import package::lib::storage::unpack_four;

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
// Whether one threshold is everyone's: to find another takes longer than all the rest.
override SINGLE: bool = false;

fn four_at(first: u32) -> vec4f {
  if (STORAGE == 0u) {
    return bitcast<vec4f>(vec4u(w[first], w[first + 1u], w[first + 2u], w[first + 3u]));
  }
  return unpack_four(vec2u(w[first / 2u], w[first / 2u + 1u]), STORAGE);
}

/// The trit of element `i` as a byte; `first` is the first threshold.
fn trit_of(i: u32, x: f32, first: f32, factor: f32) -> u32 {
  let limit = threshold_at(i, first) * factor;
  return select(0u, select(1u, 255u, 0.0 > x), abs(x) > limit && i < sizes.n);
}

fn threshold_at(i: u32, first: f32) -> f32 {
  if (SINGLE) {
    return first;
  }
  return threshold[i / sizes.width];
}

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
  let x = four_at(first);
  let one = threshold[0];
  let bytes = vec4u(
    trit_of(first, x.x, one, factors.x),
    trit_of(first + 1u, x.y, one, factors.y),
    trit_of(first + 2u, x.z, one, factors.z),
    trit_of(first + 3u, x.w, one, factors.w),
  );
  let word = dot(bytes, vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u));
  trits[out] = word;
}
