import package::lib::grid::linear_index;
import package::lib::storage::{bf16_bits, f16_bits, f32_bits_of_half};

// y = x in another element type. x, y: [count]; one invocation makes one word of y: one, two or
// four elements. Floats round to nearest, ties to even; floats to integers toward zero, and what is
// out of range becomes the nearest end of it (the standards leave it open); integers to narrower
// ones drop their high bits; a boolean is a byte, 1 for all but zero. What fills the last word up
// is not of x.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@group(0) @binding(2) var<uniform> dims: Dims;

// Element types.
const F32 = 0u;
const F16 = 1u;
const BF16 = 2u;
const I32 = 3u;
const U8 = 4u;
const I8 = 5u;
const BOOL = 6u;

override FROM: u32 = F32;
override TO: u32 = F32;

fn bits_of(element: u32) -> u32 {
  return select(select(8u, 16u, element <= BF16), 32u, element == F32 || element == I32);
}

fn integer_of(bits: u32) -> i32 {
  return select(bitcast<i32>(bits), extractBits(bitcast<i32>(bits), 0u, 8u), FROM == I8);
}

fn f32_bits(bits: u32) -> u32 {
  if (FROM >= I32) {
    return bitcast<u32>(f32(integer_of(bits)));
  }
  if (FROM == F32) {
    return bits;
  }
  return f32_bits_of_half(bits, FROM);
}

fn truncated(value: f32) -> i32 {
  if (TO == I32) {
    return select(i32(clamp(value, -2147483648.0, 2147483520.0)), 0x7fffffff, value >= 2147483648.0);
  }
  return i32(select(clamp(value, -128.0, 127.0), clamp(value, 0.0, 255.0), TO == U8));
}

fn converted(bits: u32) -> u32 {
  if (TO == BOOL) {
    // The sign of a zero is no value.
    return u32((bits & select(0xffffffffu, (1u << (bits_of(FROM) - 1u)) - 1u, FROM < I32)) != 0u);
  }
  if (TO >= I32) {
    var n = integer_of(bits);
    if (FROM < I32) {
      n = truncated(bitcast<f32>(f32_bits(bits)));
    }
    return extractBits(u32(n), 0u, bits_of(TO));
  }
  if (TO == F32) {
    return f32_bits(bits);
  }
  let value = bitcast<f32>(f32_bits(bits));
  if (TO == F16) {
    return f16_bits(value);
  }
  return bf16_bits(value);
}

@compute @workgroup_size(64)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let at = linear_index(group, groups, lane, 64u);
  let from_bits = bits_of(FROM);
  let to_bits = bits_of(TO);
  let share = 32u / to_bits; // elements of a word
  if (at * share >= dims.count) {
    return;
  }
  var word = 0u;
  for (var k = 0u; k < share; k++) {
    let bit = (at * share + k) * from_bits;
    word |= converted(extractBits(x[bit / 32u], bit % 32u, from_bits)) << (k * to_bits);
  }
  y[at] = word;
}
