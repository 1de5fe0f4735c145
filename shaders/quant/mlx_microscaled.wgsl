import package::lib::float8::{E4M3, float8_codes, float8_values};
import package::lib::grid::linear_index;

// MLX's microscaled formats. A group of 4 * fours floats shares a scale of 8 bits: a power of two,
// 2^(byte - 127), of 32 elements in e2m1 (mxfp4) or, with BYTES, e4m3 (mxfp8); with FINE a number
// in e4m3, of 16 elements in e2m1 (nvfp4). packed: the codes of a group, the first in the lowest
// bits of its first word; scales: a byte a group; dequant = element * scale. All is exact: no
// quotient decides. One invocation makes four groups, whose scales are a word.

struct Sizes {
  groups: u32,
  fours: u32,
}

@group(0) @binding(0) var<storage, read> weight: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> packed: array<u32>;
@group(0) @binding(2) var<storage, read_write> scales: array<u32>;
@group(0) @binding(3) var<storage, read_write> dequant: array<vec4f>;
@group(0) @binding(4) var<uniform> sizes: Sizes;

override BYTES: bool = false;
override FINE: bool = false;

/// The code of 448, the largest number in e4m3.
const LARGEST = 0x7eu;

/// Codes of elements and what they stand for.
struct Elements {
  codes: vec4u,
  values: vec4f,
}

/// A scale as its byte, and what is compared and multiplied in place of it: an element is between
/// thresholds * `unit` as its number is times `factor`, and decodes to its value * `unit` * `scale`.
struct Scale {
  byte: u32,
  factor: f32,
  unit: f32,
  scale: f32,
}

/// The smallest power of two that brings `largest` to the largest element, 1.5 * 2^2 or 1.75 * 2^8.
fn power_of_two(largest: f32) -> Scale {
  let bits = bitcast<u32>(largest);
  let below = select(2u, 8u, BYTES);
  let fraction = select(0x400000u, 0x600000u, BYTES);
  let exponent = (bits >> 23u) + select(0u, 1u, (bits & 0x7fffffu) > fraction);
  let byte = select(max(exponent, below) - below, 127u, largest == 0.0);
  // 2^-127, of byte 0, is a denormal: half of 2^-126.
  let scale = bitcast<f32>(max(byte, 1u) << 23u);
  return Scale(byte, bitcast<f32>((254u - byte) << 23u), select(1.0, 0.5, byte == 0u), scale);
}

/// The number in e4m3 nearest to largest / 6. The quotient, which may be a little off, is brought to
/// that side of the nearest middle of two such numbers on which it is: six times a middle is exact.
fn fine(largest: f32) -> Scale {
  let quotient = bitcast<u32>(min(largest / 6.0, 512.0));
  let near = (quotient + 0x3ffffu) & 0xfff80000u;
  let middle = 6.0 * bitcast<f32>(near);
  var bits = near;
  if (largest > middle) {
    bits = max(quotient, near + 1u);
  } else if (largest < middle) {
    bits = min(quotient, near - 1u);
  }
  let byte = min(float8_codes(vec4u(bits, vec3u()), E4M3).x, LARGEST);
  let scale = float8_values(vec4u(byte, vec3u()), E4M3).x;
  return Scale(byte, select(0.0, 1.0, scale > 0.0), scale, 1.0);
}

/// One where a magnitude is above a threshold: one equal to it goes toward zero.
fn above(y: vec4f, threshold: f32) -> vec4f {
  return select(vec4f(), vec4f(1.0), y > vec4f(threshold));
}

/// e2m1: 0, 0.5, 1, 1.5, 2, 3, 4, 6, and 8 more for negative ones; zero has no sign.
fn e2m1(x: vec4f, unit: f32) -> Elements {
  let y = abs(x);
  let halves = above(y, 0.25 * unit) + above(y, 0.75 * unit) + above(y, 1.25 * unit)
    + above(y, 1.75 * unit);
  let ones = above(y, 2.5 * unit) + above(y, 3.5 * unit);
  let twos = above(y, 5.0 * unit);
  let codes = vec4u(halves + ones + twos);
  let negative = (x < vec4f()) & (codes != vec4u(0u));
  let values = 0.5 * halves + ones + 2.0 * twos;
  return Elements(select(codes, codes + vec4u(8u), negative), select(values, -values, negative));
}

fn e4m3(x: vec4f) -> Elements {
  let codes = float8_codes(bitcast<vec4u>(x), E4M3);
  return Elements(codes, float8_values(codes, E4M3));
}

/// The four elements at `i`, which are decoded there, one after the other.
fn four_at(i: u32, scale: Scale) -> u32 {
  let x = weight[i] * scale.factor;
  if (BYTES) {
    let elements = e4m3(x);
    dequant[i] = elements.values * scale.unit * scale.scale;
    return dot(elements.codes, vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u));
  }
  let elements = e2m1(x, select(1.0, scale.unit, FINE));
  dequant[i] = elements.values * scale.unit * scale.scale;
  return dot(elements.codes, vec4u(1u, 1u << 4u, 1u << 8u, 1u << 12u));
}

/// Makes a group and gives the byte of its scale.
fn scaled(g: u32) -> u32 {
  let first = g * sizes.fours;
  var most = abs(weight[first]);
  for (var i = first + 1u; i < first + sizes.fours; i++) {
    most = max(most, abs(weight[i]));
  }
  let largest = max(max(most.x, most.y), max(most.z, most.w));
  var scale = power_of_two(largest);
  if (FINE) {
    scale = fine(largest);
  }
  for (var i = first; i < first + sizes.fours; i += 2u) {
    let low = four_at(i, scale);
    let high = four_at(i + 1u, scale);
    if (BYTES) {
      packed[i] = low;
      packed[i + 1u] = high;
    } else {
      packed[i / 2u] = low | (high << 16u);
    }
  }
  return scale.byte;
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let word = linear_index(group, groups, lane, 64u);
  var bytes = 0u;
  for (var k = 0u; k < 4u && 4u * word + k < sizes.groups; k++) {
    bytes |= scaled(4u * word + k) << (8u * k);
  }
  if (4u * word < sizes.groups) {
    scales[word] = bytes;
  }
}
