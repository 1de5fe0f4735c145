import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { IN_HALVES } from '../rounding.ts';
import { adagradBound, adagradElement, adagradScalars } from './adagrad.ts';

test('the rate decays with the steps that went before', () => {
  const params = { R: 0.5, T: 2, decay_factor: 0.25, epsilon: 0.125, norm_coefficient: 3 };
  expect(adagradScalars(params, 1)).toEqual({ rate: Math.fround(0.5 / 1.5), l2: 3, eps: 0.125 });
  expect(adagradScalars(params, 3).rate).toBe(0.25);
});

describe('a step of Adagrad', () => {
  const before = { param: 4, exp_avg_sq: 64 };
  const scalars = { rate: 2, l2: 0.5, eps: 2 };

  test('divides by the root of the sum of squares', () => {
    // The gradient is 4 + 2, the sum 100.
    expect(adagradElement(before, 4, scalars)).toEqual({ param: 3, exp_avg_sq: 100 });
  });

  test('rounds each operation, the root 4.5 units and the quotient 2.5', () => {
    const gradient = EPS * (2 + 6) + 3 * FLUSH;
    const square = gradient * (12 + gradient) + EPS * 36 + FLUSH * 14;
    const sum = 0.001 + (square + EPS * 100) * SECOND_ORDER + FLUSH;
    const root = sum / (10 + Math.sqrt(100 - sum));
    const share = (root + 45 * EPS) / 12 + EPS;
    const relative = share / (1 - share);
    const param = relative + 3.5 * EPS + ((2 * gradient) / 12) * (1 + relative) + 3 * EPS;
    const bound = adagradBound(before, 4, scalars, 0.001);
    expect(bound.exp_avg_sq).toBeCloseTo(sum, 18);
    expect(bound.param).toBeCloseTo(param * SECOND_ORDER, 18);
  });

  test('has no bound where a square overflows, or the denominator may be half as large', () => {
    expect(adagradBound(before, 2 ** 64, scalars, 0)).toEqual({
      param: Infinity,
      exp_avg_sq: Infinity,
    });
    expect(adagradBound(before, 4, scalars, 99).param).toBe(Infinity);
    // A root of 10 that is 6.003 or 5.994 off, of a denominator of 12.
    expect(adagradBound(before, 4, scalars, 84.024).param).toBe(Infinity);
    expect(adagradBound(before, 4, scalars, 83.952).param).toBeLessThan(2);
  });

  test('may lose what is flushed of zeros', () => {
    const zero = { param: 0, exp_avg_sq: 0 };
    const { param, exp_avg_sq } = adagradBound(zero, 0, scalars, 0);
    expect(exp_avg_sq / FLUSH).toBeCloseTo(2 * SECOND_ORDER + 1, 12);
    // The rate times the error of the gradient over eps, three more, and one over eps.
    expect(param / FLUSH).toBeCloseTo(((2 * 3) / 2) * SECOND_ORDER + 3.5, 5);
  });
});

test('a sum in float16 has that unit of rounding, and no bound beyond its range', () => {
  const scalars = { rate: 1, l2: 0, eps: 2 ** -20 };
  const boundAt = (grad: number, exp_avg_sq = 0) =>
    adagradBound({ param: 0, exp_avg_sq }, grad, scalars, 0, IN_HALVES.f16);
  const { eps, flush } = IN_HALVES.f16;
  const sum = (eps * 4 + 2 * flush + eps * 5) * SECOND_ORDER + flush;
  expect(boundAt(2, 1).exp_avg_sq).toBeCloseTo(sum, 15);
  expect(boundAt(200, 25_000).exp_avg_sq).toBeLessThan(1000);
  expect(boundAt(200, 26_000).exp_avg_sq).toBe(Infinity);
  // A denominator that is eps alone, and the root of what the sum may be.
  const still = { param: 0, exp_avg_sq: 0 };
  const paramAt = (ofEps: number) =>
    adagradBound(still, 2 ** -40, { ...scalars, l2: 1, eps: ofEps }, 0, IN_HALVES.f16).param;
  expect(paramAt(2 ** -4)).toBeLessThan(0.01);
  expect(paramAt(2 ** -20)).toBe(Infinity);
});
