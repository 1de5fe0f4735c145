import { describe, expect, test } from 'vitest';
import { normalDensity, normalProbability, upperTail } from './normal.ts';

/** Relative to the number itself. */
const expectNear = (actual: number, expected: number) =>
  expect(Math.abs(actual / expected - 1)).toBeLessThan(4e-15);

describe('the normal distribution', () => {
  test('has its density', () => {
    // 1 / sqrt(2 pi), and that times e^-1/2 and e^-2.
    expectNear(normalDensity(0), 0.3989422804014327);
    expectNear(normalDensity(1), 0.24197072451914337);
    expectNear(normalDensity(-2), 0.05399096651318806);
  });

  test.each([
    [0, 0.5],
    [0.5, 0.3085375387259869],
    [1, 0.15865525393145705],
    [1.5, 0.06680720126885807],
    [2, 0.0227501319481792],
    [2.5, 0.006209665325776132],
    [3, 0.0013498980316300946],
    [5, 2.866515718791939e-7],
    [10, 7.619853024160527e-24],
    [20, 2.7536241186062337e-89],
  ])('has a tail above %d that is %d to full relative accuracy', (a, tail) => {
    expectNear(upperTail(a), tail);
  });

  test('is symmetric', () => {
    expect(normalProbability(0)).toBe(0.5);
    expectNear(normalProbability(-3), 0.0013498980316300946);
    expectNear(normalProbability(3), 0.9986501019683699);
    expectNear(normalProbability(0.5), 0.6914624612740131);
    expectNear(normalProbability(-0.5), 0.3085375387259869);
  });

  test('has the same tail by series and by fraction where they meet', () => {
    const near = (a: number) => upperTail(a * (1 - 2 ** -52)) / upperTail(a);
    expectNear(near(2), 1);
  });
});
