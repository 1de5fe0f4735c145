// trits[i] = 1 where w[i] > limit, -1 where w[i] < -limit, else 0. w: n elements of STORAGE f32, f16
// or bf16 (0, 1, 2); threshold: one float for every `width` elements; trits: signed bytes. The limit
// is the threshold; STOCHASTIC draws it for each element from 0 to two thresholds, by the words of
// counter (i / 4, 0, 0, 0). One invocation makes WORDS words of 4; what fills the last one up is 0.

import package::lib::fours::inside;
import package::lib::grid::{ MANY, linear_index };
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
override WORDS: u32 = 1u; // or 4

fn four_at(first: u32) -> vec4f {
  if (STORAGE == 0u) {
    return bitcast<vec4f>(vec4u(w[first], w[first + 1u], w[first + 2u], w[first + 3u]));
  }
  return unpack_four(vec2u(w[first / 2u], w[first / 2u + 1u]), STORAGE);
}

/// The thresholds of elements `first` to first + 3; `one` is the first of all.
fn thresholds_at(first: u32, one: f32) -> vec4f {
  if (SINGLE) {
    return vec4f(one);
  }
  return vec4f(
    threshold_at(first), threshold_at(first + 1u), threshold_at(first + 2u), threshold_at(first + 3u),
  );
}

fn threshold_at(i: u32) -> f32 {
  return threshold[i / sizes.width];
}

/// Makes word `out`.
fn encode(out: u32, one: f32) {
  let x = four_at(4u * out);
  var limit = thresholds_at(4u * out, one);
  if (STOCHASTIC) { // multiples of 2^-23 below 2
    limit *= vec4f(philox(vec4u(out, 0u, 0u, 0u), sizes.seed) >> vec4u(8u)) * 1.1920928955078125e-7;
  }
  let signs = select(vec4u(1u), vec4u(255u), x < vec4f());
  let bytes = select(vec4u(), signs, (abs(x) > limit) & inside(out, sizes.n));
  let word = dot(bytes, vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u));
  trits[out] = word;
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) local: u32,
) {
  let out = WORDS * linear_index(group, groups, local, MANY);
  if (4u * out >= sizes.n) {
    return;
  }
  let one = threshold[0];
  encode(out, one);
  if (WORDS > 1u) { // four, and no loop, which costs a processor as much as the trits
    encode(out + 1u, one);
    encode(out + 2u, one);
    encode(out + 3u, one);
  }
}
