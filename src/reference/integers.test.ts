import { describe, expect, test } from 'vitest';
import type { DType } from '../tensor/dtype.ts';
import { beside, integerTypeOf, wrapped } from './integers.ts';
import type { Value } from './record.ts';

const of = (dtype: DType | undefined, ...data: readonly number[]): Value => ({
  shape: [data.length],
  ...(dtype ? { dtype } : {}),
  data: Float64Array.from(data),
});

test('an integer keeps the bits that its type has', () => {
  expect([2 ** 31, -1, 2 ** 33 - 1].map((n) => wrapped(n, 'i32'))).toEqual([-(2 ** 31), -1, -1]);
  expect([256, -1, 255].map((n) => wrapped(n, 'u8'))).toEqual([0, 255, 255]);
  expect([128, -129, -128].map((n) => wrapped(n, 'i8'))).toEqual([-128, 127, -128]);
});

test('integers are computed as such where all operands are', () => {
  expect(integerTypeOf([of('u8'), of('i32')])).toBe('i32');
  expect(integerTypeOf([of('u8'), of('f16')])).toBeUndefined();
  expect(integerTypeOf([of('i32'), of(undefined)])).toBeUndefined();
  expect(integerTypeOf([of('u32')])).toBeUndefined();
});

describe('an integer that meets floats', () => {
  const n = of('i32', 16777217, 2049, 70000);
  test('is rounded to their type', () => {
    expect(beside(n, [n, of('f32')]).data).toEqual(Float64Array.of(16777216, 2049, 70000));
    expect(beside(n, [n, of('f16')]).data).toEqual(
      Float64Array.of(Number.POSITIVE_INFINITY, 2048, Number.POSITIVE_INFINITY),
    );
  });

  test('is itself in float64, beside integers, and what it meets', () => {
    expect(beside(n, [n, of(undefined)])).toBe(n);
    expect(beside(n, [n, of('u8')])).toBe(n);
    const third = of('f32', 1 / 3);
    expect(beside(third, [n, third])).toBe(third);
  });
});
