import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { ACCURACY, dequantize, quantize, roundedFrom, SPEED } from './quantize.ts';

const through = (value: number, scale = ACCURACY) =>
  dequantize(quantize(value, scale), scale) ?? Number.NaN;

test('none, zero, one and what is beyond every bound arrive as they are', () => {
  expect(dequantize(quantize(undefined, ACCURACY), ACCURACY)).toBeUndefined();
  for (const value of [0, 1, 0.5, 0.25, 2, Number.POSITIVE_INFINITY])
    expect(through(value)).toBe(value);
  expect(through(1000)).toBe(Number.POSITIVE_INFINITY);
  expect(through(1e-30)).toBe(2 ** -25);
});

test('a share of the bound is never made smaller, at most 9.1 % larger, and stays on its side of the bound', () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** -25, max: 90, noNaN: true }), (used) => {
      expect(through(used)).toBeGreaterThanOrEqual(used * (1 - 1e-12));
      expect(through(used)).toBeLessThan(used * 1.091);
      expect(through(used) <= 1).toBe(used <= 1);
    }),
  );
});

test('every byte but 0 is a larger value than the one before it', () => {
  const values = Array.from({ length: 255 }, (_, i) => dequantize(i + 1, ACCURACY) ?? Number.NaN);
  expect(values.every((value, i) => i === 0 || value > (values[i - 1] ?? Number.NaN))).toBe(true);
});

test('a microsecond to three quarters of an hour fit the scale of speed', () => {
  for (const ms of [0.001, 0.3, 16.7, 1000, 45 * 60_000]) {
    expect(through(ms, SPEED) / ms).toBeGreaterThanOrEqual(1 - 1e-12);
    expect(through(ms, SPEED) / ms).toBeLessThan(1.091);
  }
});

test('the bytes of values are those of the format', () => {
  const bytes = (values: readonly (number | undefined)[], scale = ACCURACY) =>
    values.map((value) => quantize(value, scale));
  expect(bytes([undefined, 0, -1, 1e-30, 2 ** -25, 0.5, 1, 1.0001, 2, 90, 95, Infinity])).toEqual([
    0, 1, 1, 2, 2, 194, 202, 203, 210, 254, 255, 255,
  ]);
  expect(bytes([undefined, 0, 0.0005, 0.001, 1, 2, 1000, 1e9], SPEED)).toEqual([
    0, 1, 2, 3, 82, 90, 162, 255,
  ]);
});

test('a value was rounded from as far as the step below, or from 0 at the lowest', () => {
  expect(roundedFrom(1, ACCURACY)).toBeCloseTo(2 ** (-1 / 8), 12);
  expect(roundedFrom(2 ** -25, ACCURACY)).toBe(0);
  expect(roundedFrom(0, ACCURACY)).toBe(0);
  expect(roundedFrom(2 ** -24.875, ACCURACY)).toBeCloseTo(2 ** -25, 20);
  expect(roundedFrom(Infinity, ACCURACY)).toBeCloseTo(2 ** 6.5, 9);
  expect(roundedFrom(8, SPEED)).toBeCloseTo(8 / 2 ** (1 / 8), 12);
});
