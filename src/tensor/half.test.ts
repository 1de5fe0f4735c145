import { describe, expect, test } from 'vitest';
import { bf16FromF32, f16FromF32, f32FromBf16, f32FromF16, heldAs } from './half.ts';

/** The value of an IEEE half by its definition. */
function valueOfHalf(bits: number): number {
  const sign = bits >= 0x8000 ? -1 : 1;
  const exponent = Math.floor(bits / 1024) % 32;
  const fraction = bits % 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return exponent === 0
    ? (sign * fraction) / 2 ** 24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

describe('float16', () => {
  test('of every pattern is its value, and back', () => {
    for (let bits = 0; bits < 65_536; bits++) {
      const value = valueOfHalf(bits);
      if (!Object.is(f32FromF16(bits), value)) expect(f32FromF16(bits), `${bits}`).toBe(value);
      if (!Number.isNaN(value) && f16FromF32(value) !== bits)
        expect(f16FromF32(value), `${value}`).toBe(bits);
    }
    expect(f16FromF32(Number.NaN) & 0x7fff).toBe(0x7e00);
  });

  test('rounds to nearest, ties to even', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const [low, high] = [valueOfHalf(bits), valueOfHalf(bits + 1)];
      const middle = (low + high) / 2;
      const even = bits % 2 === 0 ? bits : bits + 1;
      if (f16FromF32(middle) !== even) expect(f16FromF32(middle), `${middle}`).toBe(even);
      const below = Math.fround(middle - (high - low) / 64);
      const above = Math.fround(middle + (high - low) / 64);
      if (f16FromF32(below) !== bits) expect(f16FromF32(below), `${below}`).toBe(bits);
      if (f16FromF32(above) !== bits + 1) expect(f16FromF32(above), `${above}`).toBe(bits + 1);
    }
  });

  test.each([
    [65_519.9, 0x7bff],
    [65_520, 0x7c00],
    [-65_520, 0xfc00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [-0, 0x8000],
    [2 ** -25, 0],
    [-(2 ** -24), 0x8001],
  ])('of %d is %i', (x, bits) => expect(f16FromF32(x)).toBe(bits));
});

describe('bfloat16', () => {
  const floatOf = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] as number;

  test('is the upper half of a float32, rounded to nearest, ties to even', () => {
    for (let bits = 0; bits < 0x7f80; bits++) {
      const high = bits * 65_536;
      const values = [f32FromBf16(bits), f32FromBf16(bits + 0x8000)];
      if (values[0] !== floatOf(high) || values[1] !== -floatOf(high))
        expect(values, `${bits}`).toEqual([floatOf(high), -floatOf(high)]);
      const even = bits % 2 === 0 ? bits : bits + 1;
      const around = [0, 1, 0x7fff, 0x8000, 0x8001, 0xffff];
      const rounded = [bits, bits, bits, even, bits + 1, bits + 1];
      for (const [i, low] of around.entries()) {
        const x = floatOf(high + low);
        const expected = rounded[i] as number;
        if (bf16FromF32(x) !== expected) expect(bf16FromF32(x), `${x}`).toBe(expected);
        if (bf16FromF32(-x) !== expected + 0x8000)
          expect(bf16FromF32(-x), `${-x}`).toBe(expected + 0x8000);
      }
    }
    expect(bf16FromF32(-floatOf(0x3f808001))).toBe(0xbf81);
  });

  test('keeps infinity, and a NaN that it cannot hold is another', () => {
    expect(bf16FromF32(Number.POSITIVE_INFINITY)).toBe(0x7f80);
    expect(f32FromBf16(bf16FromF32(Number.NaN))).toBeNaN();
    expect(bf16FromF32(Number.NaN)).toBe(0x7fc0);
    for (const bits of [0x7fffffff, 0xffffffff, 0x7fc08000])
      expect(f32FromBf16(bf16FromF32(floatOf(bits)))).toBeNaN();
  });
});

test('what a format holds of a number is the nearest', () => {
  expect(heldAs('f16', 1 / 3)).toBe(0.333251953125);
  expect(heldAs('bf16', 1 / 3)).toBe(0.333984375);
});
