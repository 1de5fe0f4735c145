import package::lib::float8::{E4M3, float8_codes, float8_values};
import package::lib::grid::linear_index;

// MLX's microscaled formats. A group of 32 or, with FINE, 16 floats shares a scale of 8 bits: a power of two,
// 2^(byte - 127), of elements in e2m1 (mxfp4) or, with BYTES, e4m3 (mxfp8); with FINE a number in e4m3,
// of elements in e2m1 (nvfp4). packed: the codes of a group, the first in the lowest
// bits of its first word; scales: a byte a group; dequant = element * scale. All is exact: no
// quotient decides. One invocation makes four groups, whose scales are a word.

struct Sizes {
  groups: u32,
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
  codes: vec4f,
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

/// e2m1: 0, 0.5, 1, 1.5, 2, 3, 4, 6, and 8 more for negative ones; zero has no sign. A magnitude equal
/// to a threshold goes toward zero: what does not exceed one is counted.
fn e2m1(x: vec4f, unit: f32) -> Elements {
  let y = abs(x);
  let zeros = step(y, vec4f(0.25 * unit));
  let halves = zeros + step(y, vec4f(0.75 * unit)) + step(y, vec4f(1.25 * unit))
    + step(y, vec4f(1.75 * unit));
  let ones = step(y, vec4f(2.5 * unit)) + step(y, vec4f(3.5 * unit));
  let twos = step(y, vec4f(5.0 * unit));
  let negative = (1.0 - step(vec4f(), x)) * (1.0 - zeros);
  let values = (6.0 - (0.5 * halves + ones + 2.0 * twos)) * (1.0 - 2.0 * negative);
  return Elements(7.0 - (halves + ones + twos) + 8.0 * negative, values);
}

/// Codes of the four elements `x`, one after the other, which are decoded at `i`.
fn coded(x: vec4f, i: u32, scale: Scale) -> u32 {
  let y = x * scale.factor;
  if (BYTES) {
    let codes = float8_codes(bitcast<vec4u>(y), E4M3);
    dequant[i] = float8_values(codes, E4M3) * scale.unit * scale.scale;
    return dot(codes, vec4u(1u, 1u << 8u, 1u << 16u, 1u << 24u));
  }
  let elements = e2m1(y, select(1.0, scale.unit, FINE));
  dequant[i] = elements.values * scale.unit * scale.scale;
  let bits = bitcast<u32>(dot(elements.codes, vec4f(1.0, 16.0, 256.0, 4096.0)) + 8388608.0); // 2^23
  return bits & 0xffffu;
}

/// 16 elements: read once, since a processor's loads take longer than codes.
struct Sixteen {
  a: vec4f, b: vec4f, c: vec4f, d: vec4f,
}

fn sixteen_at(i: u32) -> Sixteen {
  return Sixteen(weight[i], weight[i + 1u], weight[i + 2u], weight[i + 3u]);
}

fn largest_of(x: Sixteen) -> f32 {
  let most = max(max(abs(x.a), abs(x.b)), max(abs(x.c), abs(x.d)));
  return max(max(most.x, most.y), max(most.z, most.w));
}

/// Stores the elements from four `i` on.
fn store(x: Sixteen, i: u32, scale: Scale) {
  let a = coded(x.a, i, scale);
  let b = coded(x.b, i + 1u, scale);
  let c = coded(x.c, i + 2u, scale);
  let d = coded(x.d, i + 3u, scale);
  if (BYTES) {
    packed[i] = a;
    packed[i + 1u] = b;
    packed[i + 2u] = c;
    packed[i + 3u] = d;
  } else {
    packed[i / 2u] = a | (b << 16u);
    packed[i / 2u + 1u] = c | (d << 16u);
  }
}

/// Makes a group and gives the byte of its scale.
fn scaled(g: u32) -> u32 {
  if (FINE) {
    let x = sixteen_at(4u * g);
    let scale = fine(largest_of(x));
    store(x, 4u * g, scale);
    return scale.byte;
  }
  let first = sixteen_at(8u * g);
  let last = sixteen_at(8u * g + 4u);
  let scale = power_of_two(max(largest_of(first), largest_of(last)));
  store(first, 8u * g, scale);
  store(last, 8u * g + 4u, scale);
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
