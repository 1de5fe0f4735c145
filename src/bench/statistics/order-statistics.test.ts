import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import { leastRatio, medianInterval, quantile } from './order-statistics.ts';

test('a quantile lies between the numbers around its place', () => {
  const numbers = [50, 10, 30, 20, 40];
  expect([0, 0.1, 0.5, 0.9, 1].map((q) => quantile(numbers, q))).toEqual([10, 14, 30, 46, 50]);
  expect(quantile([7], 0.9)).toBe(7);
});

describe('the interval of a median', () => {
  test('is all of few samples, with the probability that they have', () => {
    expect(medianInterval([3, 1, 2])).toEqual({ low: 1, high: 3, coverage: 0.75 });
    expect(medianInterval([1, 2, 3, 4, 5])).toEqual({ low: 1, high: 5, coverage: 0.9375 });
    expect(medianInterval([6])).toEqual({ low: 6, high: 6, coverage: 0 });
  });

  test('leaves out what it can', () => {
    // Of nine, one at each end: 1 - 2 (1 + 9) / 512.
    const nine = [9, 8, 7, 6, 5, 4, 3, 2, 1];
    expect(medianInterval(nine)).toEqual({ low: 2, high: 8, coverage: 1 - 20 / 512 });
    const fifteen = Array.from({ length: 15 }, (_, i) => i);
    expect(medianInterval(fifteen)).toMatchObject({ low: 3, high: 11 });
    expect(medianInterval(fifteen).coverage).toBeCloseTo(1 - (2 * 576) / 2 ** 15, 12);
  });

  test('holds the median as often as it says', () => {
    const random = new Random(3);
    let held = 0;
    const draws = 4000;
    for (let i = 0; i < draws; i++) {
      // Skewed, with a median of ln 2.
      const samples = random.fill(11, () => -Math.log(1 - random.uniform()));
      const { low, high } = medianInterval([...samples]);
      if (low <= Math.LN2 && Math.LN2 <= high) held++;
    }
    const { coverage } = medianInterval(Array.from({ length: 11 }, (_, i) => i));
    expect(coverage).toBeGreaterThan(0.95);
    expect(Math.abs(held / draws - coverage)).toBeLessThan(
      4 * Math.sqrt((coverage * (1 - coverage)) / draws),
    );
  });
});

test('a ratio is at least what the ends of both intervals leave', () => {
  const five = [1, 2, 3, 4, 5];
  expect(leastRatio([10, 12, 14, 16, 18], five)).toBe(2);
  expect(leastRatio(five.slice(1), five)).toBeUndefined();
  // Of eleven the second and the last but one: 1 - 2 (1 + 11) / 2048 is over 0.975.
  const eleven = [...Array(11).keys()].map((i) => 1 + i);
  expect(leastRatio(eleven, five)).toBe(2 / 5);
});
