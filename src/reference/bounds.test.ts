import { describe, expect, test } from 'vitest';
import {
  EPS,
  FLUSH,
  flushOfProducts,
  gamma,
  HALF_EPS,
  LARGEST,
  maxAbs,
  overflows,
  reciprocalError,
  rootError,
  SECOND_ORDER,
  storageStep,
  sumLevels,
  typicalSum,
} from './bounds.ts';

describe('an error', () => {
  test('goes through a root', () => {
    // From 9 to 4, and from 4 to 8, since below 0 there is nothing; from 0 to 9.
    expect([rootError(9, 5), rootError(4, 4), rootError(0, 9)]).toEqual([1, Math.sqrt(8), 3]);
    expect(rootError(2 ** 60, 1) * 2 ** 31).toBeCloseTo(1, 12);
  });

  test('goes through a reciprocal, and from a half on leaves nothing known', () => {
    expect([0, 0.2, 0.25].map(reciprocalError)).toEqual([0, 0.25, 1 / 3]);
    expect([0.5, 0.75].map(reciprocalError)).toEqual([
      Number.POSITIVE_INFINITY,
      Number.POSITIVE_INFINITY,
    ]);
  });
});

// Numbers that are written out here, so that nothing is held against itself.
describe('the constants of bounds', () => {
  test('are those of float32', () => {
    const next = (bits: number) => new Float32Array(Uint32Array.of(bits).buffer)[0] as number;
    expect(EPS).toBe(next(0x3f800001) - 1);
    expect(HALF_EPS).toBe(1 - next(0x3f7fffff));
    expect(FLUSH).toBe(next(0x00800000));
    expect(LARGEST).toBe(next(0x7f7fffff));
    expect(SECOND_ORDER).toBe(1.001);
    const beyond = 2 ** 128 - 2 ** 103;
    expect([LARGEST, beyond, Infinity, -beyond, Number.NaN].map(overflows)).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
  });

  test('give the error of successive roundings', () => {
    expect(gamma(0)).toBe(0);
    expect(gamma(1)).toBeCloseTo(1.19209303762e-7, 18);
    expect(gamma(4096)).toBeCloseTo(4.8851978505e-4, 13);
    expect(gamma(2 ** 22)).toBe(1);
  });

  test('give a sum of n numbers a level less than n products, n - 1 at most, and a copy none', () => {
    const inAnyOrder = (terms: number) => terms + 2;
    expect([0, 1, 2, 7].map((n) => sumLevels(n, inAnyOrder))).toEqual([0, 0, 1, 6]);
    expect([1, 2].map((n) => sumLevels(n, Math.sqrt))).toEqual([0, Math.SQRT2 - 1]);
  });

  test('give the typical error of a sum', () => {
    expect(typicalSum(1, 1)).toBe(2.384185791015625e-7);
    expect(typicalSum(9, 2)).toBe(1.430511474609375e-6);
  });

  test('give what flushing may cost a sum of products', () => {
    expect(flushOfProducts(3, 5, 7)).toBe(42 * 2 ** -126);
  });
});

describe('the step of a stored format', () => {
  test.each([
    ['f16', 1, 2 ** -10],
    ['f16', -1.999, 2 ** -10],
    ['f16', 2, 2 ** -9],
    ['f16', 2 ** -14, 2 ** -24],
    ['f16', 0, 2 ** -24],
    ['f16', 65504, 32],
    ['f16', 1e9, 32],
    ['bf16', 1, 2 ** -7],
    ['bf16', 3, 2 ** -6],
    ['bf16', 0, 2 ** -133],
    ['bf16', 3e38, 2 ** 120],
    ['bf16', 1e300, 2 ** 120],
    ['f32', 1, 0],
    ['i8', 100, 0],
    [undefined, 1, 0],
  ] as const)('%s at %d', (dtype, y, step) => {
    expect(storageStep(y, dtype)).toBe(step);
  });
});

test('the largest magnitude of none is 0', () => {
  expect(maxAbs([])).toBe(0);
  expect(
    [
      [1, -3, 2],
      [-3, 2],
      [2, -3],
    ].map(maxAbs),
  ).toEqual([3, 3, 3]);
});
