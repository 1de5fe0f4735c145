import { describe, expect, test } from 'vitest';
import { EPS, FLUSH } from '../bounds.ts';
import type { Value } from '../record.ts';
import { record as dequantizeLinear } from './dequantize_linear.ts';
import { codesIn, scaleOf, scaleShape } from './linear-scale.ts';

describe('the scale of an element', () => {
  const x = [2, 5, 3];
  const each = (params: object) => Array.from({ length: 30 }, (_, i) => scaleOf(i, x, params));

  test('is the only one, or that of its place along an axis', () => {
    expect(scaleShape(x, {})).toEqual([1]);
    expect(new Set(each({}))).toEqual(new Set([0]));
    for (const axis of [0, -3]) {
      expect(scaleShape(x, { axis })).toEqual([2]);
      expect(each({ axis })).toEqual([...new Array(15).fill(0), ...new Array(15).fill(1)]);
    }
    for (const axis of [2, -1]) {
      expect(scaleShape(x, { axis })).toEqual([3]);
      expect(each({ axis }).slice(0, 7)).toEqual([0, 1, 2, 0, 1, 2, 0]);
    }
  });

  test('is that of its block along an axis, and of its place beside it', () => {
    const params = { axis: 1, block_size: 2 };
    expect(scaleShape(x, params)).toEqual([2, 3, 3]);
    const first = [0, 1, 2, 0, 1, 2, 3, 4, 5, 3, 4, 5, 6, 7, 8];
    expect(each(params)).toEqual([...first, ...first.map((place) => place + 9)]);
  });
});

test('a level of more than 24 bits is rounded once more', () => {
  const q: Value = {
    shape: [4],
    data: Float64Array.of(2 ** 23 + 1, 2 ** 24, 2 ** 24 + 1, -(2 ** 25)),
  };
  const inputs = { q, scale: { shape: [1], data: Float64Array.of(0.5) } };
  const { y } = dequantizeLinear.acceptance(
    inputs,
    dequantizeLinear.forward(inputs, {}),
    {},
    {
      depth: () => 0,
      ieee: false,
    },
  );
  const sizes = [2 ** 22 + 0.5, 2 ** 23, 2 * (2 ** 23 + 0.5), 2 * 2 ** 24];
  expect(y).toMatchObject({ bound: Float64Array.from(sizes, (size) => size * EPS + FLUSH) });
});

test('packed codes lie two a byte, the first in the low bits, with a sign or without', () => {
  const bytes = { shape: [2], data: Float64Array.of(0x8f, 0x07) };
  const codes = (dtype: 'int4' | 'uint4') =>
    [0, 1, 2, 3].map(codesIn(bytes, { packed: true, dtype }));
  expect(codes('int4')).toEqual([-1, -8, 7, 0]);
  expect(codes('uint4')).toEqual([15, 8, 7, 0]);
  expect(codesIn(bytes, { packed: false, dtype: 'int4' })(0)).toBe(0x8f);
});
