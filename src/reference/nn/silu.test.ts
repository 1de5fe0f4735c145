import { describe, expect, test } from 'vitest';
import { Random } from '../../tensor/random.ts';
import type { Value } from '../record.ts';
import { record } from './silu.ts';

const differentiable = record as Required<typeof record>;
const vector = (...data: number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});
const forward = (x: Value): Float64Array => record.forward({ x }, {}).y.data;
const gradient = (x: Value, y: Value): Iterable<number> =>
  differentiable.vjp({ x }, {}, { y }).x?.data ?? [];

describe('SiLU', () => {
  test('is 0 at 0, x/2 beside it, x far right and 0 far left', () => {
    const [zero, beside, right, left] = forward(vector(0, 1e-8, 1e4, -1e4));
    expect(zero).toBe(0);
    expect(beside).toBeCloseTo(5e-9, 15);
    expect(right).toBe(1e4);
    expect(left).toBeCloseTo(0, 15);
  });

  test('of x and of -x differ by x', () => {
    const random = new Random(3);
    const x = random.fill(50, () => random.normal(20));
    const plus = forward(vector(...x));
    const minus = forward(vector(...x.map((value) => -value)));
    for (const [i, value] of x.entries())
      expect((plus[i] as number) - (minus[i] as number)).toBeCloseTo(value, 10);
  });

  test('has slope 1/2 at 0 and no slope at its minimum', () => {
    const [zero, minimum] = gradient(vector(0, -1.278464542761074), vector(1, 1));
    expect(zero).toBe(0.5);
    expect(minimum).toBeCloseTo(0, 15);
  });

  test('has a gradient by its definition too, with 1 - s of a rounded s, beside a library alone', () => {
    const x = vector(16.641490936279297);
    const y = vector(0.7755777835845947);
    // s is 1 in float32, and 1 - s is 0.
    const gradients = { x: y };
    const boundOf = (otherFormulas: boolean): number => {
      const arithmetic = { depth: (terms: number) => terms, ieee: false, otherFormulas };
      const { x: within } = differentiable.vjpAcceptance({ x }, gradients, {}, { y }, arithmetic);
      return within?.kind === 'within' ? (within.bound[0] as number) : Number.NaN;
    };
    const [truth] = gradient(x, y);
    const off = Math.abs((truth as number) - (y.data[0] as number));
    expect(boundOf(true)).toBeGreaterThan(off);
    expect(boundOf(false)).toBeLessThan(off);
  });
});
