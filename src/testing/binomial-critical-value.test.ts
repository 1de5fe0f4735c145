import { expect, test } from 'vitest';
import { binomialCriticalValue } from './binomial-critical-value.ts';

test('is where the tail of the binomial distribution ends', () => {
  // 2^-29 > 1e-9 > 2^-30: of 29 tosses nothing is a surprise, of 30 only all of them, and of 40
  // forty (2^-40 * 41 > 2^-35).
  expect(binomialCriticalValue(29, 0.5)).toBe(30);
  expect(binomialCriticalValue(30, 0.5)).toBe(30);
  expect(binomialCriticalValue(35, 0.5)).toBe(35);
  // P(X >= 39) of 40 is 41 / 2^40 = 3.7e-11, P(X >= 38) is (41 + 780) / 2^40 = 7.5e-10, and P(X >=
  // 37) is 9.7e-9.
  expect(binomialCriticalValue(40, 0.5)).toBe(38);
});

test('takes what is reached exactly once in 10^9', () => {
  // p^10 + 10 p^9 (1 - p) + 45 p^8 (1 - p)^2 = 1e-9, to the last bit.
  expect(binomialCriticalValue(10, 0.0470966827615317)).toBe(8);
});

test('is about six standard deviations above the mean of many', () => {
  for (const p of [0.125, 0.5, 0.75]) {
    const deviations = (binomialCriticalValue(4096, p) - 4096 * p) / Math.sqrt(4096 * p * (1 - p));
    expect(deviations).toBeGreaterThan(5.7);
    expect(deviations).toBeLessThan(6.3);
  }
});
