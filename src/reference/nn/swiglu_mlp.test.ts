import { describe, expect, test } from 'vitest';
import { EPS, SECOND_ORDER } from '../bounds.ts';
import type { Value } from '../record.ts';
import { record } from './swiglu_mlp.ts';

const matrix = (...data: number[]): Value => ({
  shape: [1, data.length],
  data: Float64Array.from(data),
});
const one = matrix(1);

/** The bound of y where the gate before silu is a sum of two large terms. */
function boundOf(...x: readonly [number, number]): number {
  const inputs = { x: matrix(...x), gate: matrix(1, 1), up: matrix(0, 1), down: one };
  const accepted = record.acceptance(
    inputs,
    record.forward(inputs, {}),
    {},
    { depth: (terms) => terms, ieee: false },
  );
  const { y } = accepted;
  if (y?.kind !== 'within') throw new RangeError('y has no bound');
  return y.bound[0] as number;
}

describe('the error of a gate', () => {
  test('is worth nothing where silu is flat', () => {
    expect(boundOf(-600, 500)).toBeLessThan(1e-4);
  });

  test('is carried by the slope of silu where it is not', () => {
    const gate = 4;
    const size = gate * 500;
    const error = 1004 * 2 * EPS;
    expect(boundOf(504, -500) / (500 * error + size * 5 * EPS)).toBeGreaterThan(0.9);
    expect(boundOf(504, -500) / (500 * error + size * 5 * EPS)).toBeLessThan(1.2);
  });
});

/** A depth of sums of two terms that makes their gamma `g`; other sums are exact. */
const arithmetic = (g: number) => ({
  depth: (terms: number) => (terms === 2 ? g / (1 + g) / EPS : 0),
  ieee: false,
});

describe('an error that is not small', () => {
  /** A gate of 0 that is 2000 g off, times -1000 that is 1000 g off. */
  function boundOfProduct(g: number): number {
    const inputs = { x: matrix(1000, -1000), gate: matrix(1, 1), up: matrix(0, 1), down: one };
    const { y } = record.acceptance(inputs, record.forward(inputs, {}), {}, arithmetic(g));
    return y?.kind === 'within' ? (y.bound[0] as number) : Number.NaN;
  }
  const rounded = (1 + EPS * SECOND_ORDER) * SECOND_ORDER;

  test('is carried by the slope of silu and half of what that may change', () => {
    // 0.5 at 0, and 0.5 / 2 for each of 2.
    expect(boundOfProduct(1e-3)).toBeCloseTo(2 * (0.5 + 0.25 * 2) * 1001 * rounded, 8);
  });

  test('is carried by the steepest slope at most', () => {
    expect(boundOfProduct(2e-3)).toBeCloseTo(4 * 1.1 * 1002 * rounded, 8);
  });

  /** A gate of 50, where silu is straight, times 50: both are 50 g off. */
  function boundOfGate(g: number): number {
    const inputs = { x: matrix(50, 0), gate: matrix(1, 0), up: matrix(1, 0), down: one };
    const { vjp, vjpAcceptance } = record as Required<typeof record>;
    const grads = { y: matrix(1) };
    const gradients = vjp(inputs, {}, grads);
    const { gate } = vjpAcceptance(inputs, gradients, {}, grads, arithmetic(g));
    return gate?.kind === 'within' ? (gate.bound[0] as number) : Number.NaN;
  }
  const boundBy = (carried: number, other: number) => {
    const largest = other * (1 + carried + 7.5 * EPS * SECOND_ORDER);
    return 50 * (largest - 50 + 2 * EPS * SECOND_ORDER * largest) * SECOND_ORDER;
  };

  test('of a slope is carried by what it may bend', () => {
    expect(boundOfGate(0.01)).toBeCloseTo(boundBy((0.31 / 2) * 0.5 ** 2, 50.5), 6);
    expect(boundOfGate(0.1)).toBeCloseTo(boundBy(0.5 * 5, 55), 6);
  });
});

test('a layer of two columns is worked out by hand', () => {
  const value = (shape: readonly number[], ...data: number[]): Value => ({
    shape,
    data: Float64Array.from(data),
  });
  // Gates of 0 and ln 3, whose sigmoids are 1/2 and 3/4.
  const log = Math.log(3);
  const inputs = {
    x: value([1, 1, 2], 1, log),
    gate: value([2, 2], 0, 0, 0, 1),
    up: value([2, 2], 4, 0, 8, 0),
    down: value([1, 2], 10, 100),
  };
  const y = record.forward(inputs, {})['y'] as Value;
  expect(y.shape).toEqual([1, 1, 1]);
  expect(y.data[0]).toBeCloseTo(100 * 0.75 * log * 8, 10);
  const { x, gate, up, down } = (record as Required<typeof record>).vjp(
    inputs,
    {},
    {
      y: value([1, 1, 1], 2),
    },
  ) as Record<string, Value>;
  const slope = 0.75 * (1 + log / 4);
  const near = (...numbers: readonly number[]) => numbers.map((n) => expect.closeTo(n, 9));
  const dgate0 = 20 * 4 * 0.5;
  const dgate1 = 200 * 8 * slope;
  const dup1 = 200 * 0.75 * log;
  expect([...(gate as Value).data]).toEqual(near(dgate0, dgate0 * log, dgate1, dgate1 * log));
  expect([...(up as Value).data]).toEqual(near(0, 0, dup1, dup1 * log));
  expect([...(x as Value).data]).toEqual(near(8 * dup1, dgate1));
  expect([...(down as Value).data]).toEqual(near(0, 2 * 0.75 * log * 8));
  expect((x as Value).shape).toEqual([1, 1, 2]);
});
