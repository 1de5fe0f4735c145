import { expect, test } from 'vitest';
import { EPS } from './bounds.ts';
import { expError, sigmoid, vanishes } from './logistic.ts';

test('sigmoid is 1/(1 + e^-x), to its last digits on both sides', () => {
  expect([sigmoid(0), sigmoid(Math.log(3)), sigmoid(-Math.log(3))]).toEqual([
    0.5,
    expect.closeTo(0.75, 15),
    expect.closeTo(0.25, 15),
  ]);
  // e^x alone, where 1 + e^x is 1.
  expect(sigmoid(-700) / Math.exp(-700)).toBe(1);
  expect([sigmoid(800), sigmoid(-800)]).toEqual([1, 0]);
});

test('an exponential is three units off, and two for each of its argument', () => {
  expect([0, 1, -1, 2.5].map(expError)).toEqual([3 * EPS, 5 * EPS, 5 * EPS, 8 * EPS]);
});

test('an exponential vanishes from twice the smallest normal number on', () => {
  const end = -125 * Math.LN2;
  expect([end - 1e-9, end + 1e-9, 0, 88, Number.NaN].map(vanishes)).toEqual([
    true,
    false,
    false,
    false,
    false,
  ]);
  expect(vanishes(Math.log(2 ** -125))).toBe(true);
});
