import { expect, test } from 'vitest';
import { heldAs } from '../../tensor/half.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { IN_HALVES } from '../rounding.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type Bounded, IN_FLOAT64, onGpu, withBounds } from './calculation.ts';

const of = (value: number, error = 0): Bounded => ({ value, error });
const { add, sub, mul, mulAdd, div, root, max, beside, exactly } = withBounds();

/** A result of a value with what was carried into it, and so many units of rounding. */
const near = (value: number, carried: number, units: number): Bounded => ({
  value,
  error: expect.closeTo(carried + units * EPS * (Math.abs(value) + carried) + FLUSH, 12) as never,
});

test('a result carries the errors of its operands, and rounds once', () => {
  expect(exactly(7)).toEqual(of(7));
  expect(add(of(2, 0.5), of(3, 0.25))).toEqual(near(5, 0.75, 1));
  expect(sub(of(2, 0.5), of(3, 0.25))).toEqual(near(-1, 0.75, 1));
  expect(mul(of(-2, 0.5), of(3, 0.25))).toEqual(near(-6, 0.5 + 1.5 + 0.125, 1));
  expect(mulAdd(of(2), of(3, 0.5), of(4))).toEqual(near(10, 1 + 7 * EPS, 1));
  // A divisor of 4 that may be 3.
  expect(div(of(8, 2), of(-4, 1))).toEqual(near(-2, 2 / 3 + (2 / 4) * (4 / 3), 2.5));
  expect(root(of(4, 3))).toEqual(near(2, 1, 4.5));
  expect(max(of(1, 0.5), of(2, 0.25))).toEqual(of(2, 0.5));
});

test('what a library multiplies by 0 takes the bound only where it may be infinite', () => {
  expect(beside(of(2, 0.5), of(1e30, 1e30))).toEqual(of(2, 0.5));
  expect(beside(of(2, 0.5), of(1, Infinity))).toEqual(of(2, Infinity));
  expect(beside(of(2, 0.5), div(of(1), of(0)))).toEqual(of(2, Infinity));
  expect(beside(of(2, 0.5), div(of(0), of(0)))).toEqual(of(2, Infinity));
});

test('units of rounding are counted', () => {
  expect(add(of(2), of(3)).error).toBe(5 * EPS + FLUSH);
  expect(mul(of(2), of(-3)).error).toBe(6 * EPS + FLUSH);
  expect(div(of(6), of(-3)).error).toBe(5 * EPS + FLUSH);
  expect(root(of(4)).error).toBe(9 * EPS + FLUSH);
  const halves = withBounds(IN_HALVES.f16);
  expect(halves.add(of(2), of(3)).error).toBe(5 * (1 + 2 ** -4) * 2 ** -11 + 2 ** -25);
});

test('nothing is rounded where a known 0 is added, or multiplied with', () => {
  expect(add(of(0), of(3, 0.5))).toEqual(of(3, 0.5));
  expect(add(of(3, 0.5), of(0))).toEqual(of(3, 0.5));
  expect(mul(of(0), of(3, 0.5))).toEqual(of(0));
  expect(mul(of(3, 0.5), of(0))).toEqual(of(0));
  expect(add(of(0, 0.5), of(3))).toEqual(near(3, 0.5, 1));
});

test('an operand below the range of the format may be flushed', () => {
  const faint = of(FLUSH / 2);
  expect(add(faint, of(0)).error).toBe(FLUSH);
  expect(add(of(0), faint).error).toBe(FLUSH);
  expect(mul(faint, of(8)).error).toBeCloseTo(8 * FLUSH + FLUSH, 40);
  expect(add(of(FLUSH), of(0)).error).toBe(0);
  expect(add(of(2 * FLUSH, 2 * FLUSH), of(0)).error).toBe(3 * FLUSH);
  expect(root(faint).error).toBeGreaterThan(Math.sqrt(FLUSH / 2));
});

test('what overflows, or is divided by what may be half as large, has no bound', () => {
  expect(mul(of(2 ** 64), of(-(2 ** 64))).error).toBe(Infinity);
  expect(mul(of(2 ** 63), of(2 ** 63)).error).toBeLessThan(2 ** 110);
  expect(div(of(1), of(2, 1)).error).toBe(Infinity);
  expect(div(of(1), of(2, 0.99)).error).toBeLessThan(1);
});

test('in float64 and on a GPU the same formula gives numbers', () => {
  const all = <T>({ add, sub, mul, mulAdd, div, root, max, exactly }: typeof IN_FLOAT64 & object) =>
    [add(2, 3), sub(2, 3), mul(2, 3), mulAdd(2, 3, 4), div(3, 2), root(4), max(2, 3), exactly(5)] as
      | T[]
      | number[];
  const expected = [5, -1, 6, 10, 1.5, 2, 3, 5];
  expect(all(IN_FLOAT64)).toEqual(expected);
  const gpu = { ...IN_FLOAT64, sqrt: Math.sqrt } as unknown as SimulatedGpu;
  expect(all(onGpu(gpu))).toEqual(expected);
  expect([2 ** -126, 2 ** -127].map(onGpu(gpu).root)).toEqual([2 ** -63, 0]);
});

test('a library in halves rounds a quotient and a root once, and a number that halves do not hold', () => {
  const half = withBounds(IN_HALVES.f16);
  const { eps, flush } = IN_HALVES.f16;
  const two = half.exactly(2);
  expect(half.div(two, half.exactly(3)).error).toBeCloseTo((2 / 3) * eps + flush, 12);
  expect(half.root(two).error).toBeCloseTo(Math.SQRT2 * eps + flush, 12);
  // 1e-6 is 16.8 of float16's least numbers: nothing added to it, it is stored as 17.
  const off = Math.abs(heldAs('f16', 1e-6) - 1e-6);
  expect(half.add(half.exactly(0), half.exactly(1e-6)).error).toBeGreaterThan(off);
  expect(half.add(half.exactly(0), two).error).toBe(0);
  expect(withBounds().add(half.exactly(0), half.exactly(1e-6)).error).toBe(0);
});
