import package::lib::grid::{ MANY, linear_index };
import package::lib::storage::{bf16_bits, f16_bits, f32_bits_of_half};

// y = x in another element type. x, y: [count]; one invocation makes four elements of y: one, two or
// four words. Floats round to nearest, ties to even; floats to integers toward zero, and what is
// out of range becomes the nearest end of it (the standards leave it open); integers to narrower
// ones drop their high bits; a boolean is a byte, 1 for all but zero. What fills the last word up
// is not of x.

struct Dims {
  count: u32,
}

@group(0) @binding(0) var<storage, read> x: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;
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
// Whether elements are whole fours, so that none has to be asked for.
override WHOLE: bool = false;

// The bits that tell a value from zero: the sign of a float does not.
const SIGNLESS = array<u32, 4>(0x7fffffffu, 0x7fffu, 0x7fffu, 0xffffffffu);

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
    return u32((bits & SIGNLESS[min(FROM, I32)]) != 0u);
  }
  if (TO >= I32) {
    var n = integer_of(bits);
    if (FROM < I32) {
      n = truncated(bitcast<f32>(f32_bits(bits)));
    }
    return select(u32(n) & 0xffu, u32(n), TO == I32);
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

// Elements 4 i to 4 i + 3 of x, each in the low bits.
fn four_of(i: u32) -> vec4u {
  if (FROM == F32 || FROM == I32) {
    return vec4u(x[2u * i], x[2u * i + 1u]);
  }
  if (FROM < I32) {
    return (x[i].xxyy >> vec4u(0u, 16u, 0u, 16u)) & vec4u(0xffffu);
  }
  return (vec4u(x[i / 2u][i & 1u]) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(0xffu);
}

// Stores elements 4 i to 4 i + 3, as far as there are words of them.
fn store(i: u32, four: vec4u) {
  if (TO > I32) {
    y[i / 2u][i & 1u] = four.x | (four.y << 8u) | (four.z << 16u) | (four.w << 24u);
  } else if (TO == F32 || TO == I32) {
    store_wide(i, four);
  } else {
    store_halves(i, four.xz | (four.yw << vec2u(16u)));
  }
}

fn store_wide(i: u32, four: vec4u) {
  if (WHOLE) {
    y[2u * i] = four.xy;
    y[2u * i + 1u] = four.zw;
    return;
  }
  let left = dims.count - 4u * i;
  if (left >= 2u) { y[2u * i] = four.xy; } else { y[2u * i].x = four.x; }
  if (left >= 4u) { y[2u * i + 1u] = four.zw; } else if (left == 3u) { y[2u * i + 1u].x = four.z; }
}

fn store_halves(i: u32, words: vec2u) {
  if (WHOLE) {
    y[i] = words;
    return;
  }
  if (dims.count - 4u * i > 2u) { y[i] = words; } else { y[i].x = words.x; }
}

@compute @workgroup_size(MANY)
fn main(
  @builtin(workgroup_id) group: vec3u,
  @builtin(num_workgroups) groups: vec3u,
  @builtin(local_invocation_index) lane: u32,
) {
  let i = linear_index(group, groups, lane, MANY);
  if (4u * i >= dims.count) {
    return;
  }
  let four = four_of(i);
  store(i, vec4u(converted(four.x), converted(four.y), converted(four.z), converted(four.w)));
}
