import { describe, expect, test } from 'vitest';
import { isSlower, paceOf, paceOfFastest } from './slower.ts';

describe('the pace of two sets of times', () => {
  test('is the median of all ratios', () => {
    expect(paceOf([2, 3, 4], [1, 1, 1]).ratio).toBe(3);
    expect(paceOf([6], [4]).ratio).toBe(1.5);
    // One outlier moves nothing.
    expect(paceOf([2, 2, 2, 2, 1000], [2, 2, 2, 2, 2]).ratio).toBe(1);
  });

  test('has the chance that tables of the rank test give', () => {
    // All above all: one order of (10 choose 5), of (6 choose 3).
    expect(paceOf([6, 7, 8, 9, 10], [1, 2, 3, 4, 5]).chance).toBeCloseTo(1 / 252, 12);
    expect(paceOf([4, 5, 6], [1, 2, 3]).chance).toBeCloseTo(1 / 20, 12);
    // U = 1 and 2 of 4 and 4: 2 and 4 orders of 70.
    expect(paceOf([4, 6, 7, 8], [1, 2, 3, 5]).chance).toBeCloseTo(2 / 70, 12);
    expect(paceOf([3, 6, 7, 8], [1, 2, 4, 5]).chance).toBeCloseTo(4 / 70, 12);
    expect(paceOf([1, 2, 3], [4, 5, 6]).chance).toBe(1);
  });

  test('counts equal times half', () => {
    expect(paceOf([5, 5], [5, 5]).chance).toBeCloseTo(4 / 6, 12);
  });

  test('is counted for large sets too', () => {
    const low = Array.from({ length: 40 }, (_, i) => 1 + i / 1000);
    const { chance } = paceOf(
      low.map((x) => x + 0.02),
      low,
    );
    // 190 of the 1,600 pairs and 20 equal ones are the other way round: z = -5.77.
    expect(chance).toBeGreaterThan(0);
    expect(chance).toBeLessThan(1e-8);
  });
});

test('as many samples as can be asked for are told apart, and equal ones are not', () => {
  const many = Array.from({ length: 1000 }, (_, i) => 1 + i / 5000);
  const slower = many.map((x) => 1.3 * x);
  expect(paceOfFastest(many, many).chance).toBeCloseTo(0.5, 2);
  expect([
    isSlower(slower, many, 0.15),
    isSlower(many, many, 0),
    isSlower(many, slower, 0),
  ]).toEqual([true, false, false]);
});

describe('whether one is slower', () => {
  const five = [1.0, 1.01, 1.02, 1.03, 1.04];

  test('needs more than the share and more than chance', () => {
    const slower = five.map((x) => 1.3 * x);
    expect(isSlower(slower, five, 0.15)).toBe(true);
    expect(isSlower(slower, five, 0.35)).toBe(false);
    expect(isSlower(five, slower, 0)).toBe(false);
    expect(isSlower(five, five, 0)).toBe(false);
  });

  test('is not told by four samples', () => {
    expect(isSlower([2, 2.1, 2.2, 2.3], [1, 1.1, 1.2, 1.3], 0)).toBe(false);
    expect(isSlower([2, 2.1, 2.2, 2.3, 2.4], [1, 1.1, 1.2, 1.3, 1.4], 0)).toBe(true);
    // Though chance alone would allow it.
    const many = Array.from({ length: 40 }, (_, i) => 1 + i / 1000);
    expect(isSlower([2, 2.1, 2.2], many, 0)).toBe(false);
    expect(isSlower([2, 2.1, 2.2, 2.3, 2.4], many, 0)).toBe(true);
  });

  test('is told by the fastest half: the rest was slowed down', () => {
    const slowed = [...five, 3, 4, 5, 6, 7];
    const planted = [...five.map((x) => 1.3 * x), 1.5, 1.6, 1.7, 1.8, 1.9];
    expect(paceOf(planted, slowed).chance).toBeGreaterThan(0.5);
    expect(isSlower(planted, slowed, 0.15)).toBe(true);
    expect(isSlower(slowed, planted, 0)).toBe(false);
  });

  test('is told by figures of that half', () => {
    const slowed = [...five, 3, 4, 5, 6, 7];
    const planted = [...five.map((x) => 1.3 * x), 1.5, 1.6, 1.7, 1.8, 1.9];
    const { ratio, ms, othersMs } = paceOfFastest(planted, slowed);
    expect([ratio, ms, othersMs]).toEqual([
      ...[expect.closeTo(1.3, 2), expect.closeTo(1.3 * 1.02), 1.02],
    ]);
  });

  test('is not told by times that overlap', () => {
    expect(isSlower([1, 3, 1, 3, 1], [1, 2, 1, 2, 1], 0.15)).toBe(false);
  });
});
