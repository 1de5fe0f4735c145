import { expect, test } from 'vitest';
import { EPS, FLUSH } from '../../bounds.ts';
import { rowOf, squaresOverflow } from './row.ts';

const exact = { depth: () => 0, ieee: true };

test('a sum of squares overflows behind the largest float32', () => {
  // 4095^2 + 90^2 + 9^2 + 3^2 is 2^24 - 1.
  const squares = (last: number) => Float64Array.of(4095, -90, 9, last).map((x) => x * 2 ** 52);
  expect(squaresOverflow(squares(3))).toBe(false);
  expect(squaresOverflow(squares(3.1))).toBe(true);
  expect(squaresOverflow(Float64Array.of(2 ** 64))).toBe(true);
  const far = rowOf(Float64Array.of(2 ** 64, -(2 ** 64)), 1, exact);
  expect([far.rstd, far.rstdError]).toEqual([2 ** -64, Infinity]);
});

test('a variance of nothing but its error has no bound', () => {
  // Of ones the mean is 2 units off, each distance as much: E_v is 4 EPS^2.
  const of = (eps: number) => rowOf(Float64Array.of(1, 1), eps, exact).rstdError;
  expect(of(3 * EPS ** 2)).toBe(Infinity);
  expect(of(4 * EPS ** 2)).toBe(Infinity);
  expect(of(16 * EPS ** 2)).toBeCloseTo(1 / Math.sqrt(0.75) - 1, 5);
});

test('squares may be flushed twice', () => {
  const { rstdError } = rowOf(Float64Array.of(0, 0), 8 * FLUSH, exact);
  // A quarter of what is under the root.
  expect(rstdError).toBeCloseTo(1 / Math.sqrt(0.75) - 1, 5);
});
