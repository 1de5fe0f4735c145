import { describe, expect, test } from 'vitest';
import { EPS } from '../bounds.ts';
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
