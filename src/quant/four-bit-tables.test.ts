import { describe, expect, test } from 'vitest';
import { FOUR_BIT_ASCENDING, FOUR_BIT_CODES, FOUR_BIT_THRESHOLDS, FOUR_BIT_ZERO_CODE } from './four-bit-tables.ts';

describe.each(['nf4', 'fp4'] as const)('%s', (type) => {
  const ascending = FOUR_BIT_ASCENDING[type].map((code) => FOUR_BIT_CODES[type][code] as number);
  const thresholds = FOUR_BIT_THRESHOLDS[type];

  test('has float32 values and thresholds', () => {
    for (const x of [...ascending, ...thresholds]) expect(Math.fround(x)).toBe(x);
  });

  test('names every code once, in ascending order of its value', () => {
    expect([...FOUR_BIT_ASCENDING[type]].sort((a, b) => a - b)).toEqual(Array.from({ length: 16 }, (_, i) => i));
    expect(ascending.every((x, i) => i === 0 || x >= (ascending[i - 1] as number))).toBe(true);
  });

  test('reaches from -1 to 1 and holds zero', () => {
    expect([ascending[0], ascending[15]]).toEqual([-1, 1]);
    expect(FOUR_BIT_CODES[type][FOUR_BIT_ZERO_CODE[type]]).toBe(0);
  });

  test('has thresholds in the middle between neighbours, within a unit in the last place', () => {
    thresholds.forEach((t, i) => {
      const middle = ((ascending[i] as number) + (ascending[i + 1] as number)) / 2;
      expect(Math.abs(t - middle)).toBeLessThanOrEqual(2 ** -23 * Math.abs(middle));
    });
  });
});

test('nf4 is not symmetric, fp4 is', () => {
  const isSymmetric = (values: readonly number[]) => values.every((x) => values.some((y) => y === -x));
  expect(isSymmetric(FOUR_BIT_CODES.nf4)).toBe(false);
  expect(isSymmetric(FOUR_BIT_CODES.fp4)).toBe(true);
});
