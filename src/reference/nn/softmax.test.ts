import { describe, expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { record } from './softmax.ts';

const differentiable = record as Required<typeof record>;
const row = (...data: number[]): Value => ({
  shape: [1, data.length],
  data: Float64Array.from(data),
});
const softmax = (x: Value, axis = -1): Float64Array => record.forward({ x }, { axis }).y.data;

describe('softmax', () => {
  test('of equal elements is 1/n, of two elements the logistic function', () => {
    expect(Array.from(softmax(row(7, 7, 7, 7)))).toEqual([0.25, 0.25, 0.25, 0.25]);
    expect(softmax(row(2, 0))[0]).toBeCloseTo(1 / (1 + Math.exp(-2)), 15);
  });

  test('does not change when a number is added to a row, however large', () => {
    const small = softmax(row(1, -2, 0.5));
    const large = softmax(row(1e9 + 1, 1e9 - 2, 1e9 + 0.5));
    for (const [i, p] of small.entries()) expect(large[i]).toBeCloseTo(p, 15);
  });

  test('sums to 1 along the axis that was named', () => {
    const x: Value = { shape: [2, 3], data: Float64Array.of(1, 2, 3, 4, 5, 7) };
    const y = softmax(x, 0);
    for (const c of [0, 1, 2]) expect((y[c] as number) + (y[c + 3] as number)).toBeCloseTo(1, 15);
  });

  test('has a gradient that sums to 0, and none for a constant gradient that flows in', () => {
    const x = row(0.3, -1, 2);
    const gradient = (dy: Value) =>
      Array.from(differentiable.vjp({ x }, {}, { y: dy }).x?.data ?? []);
    expect(gradient(row(5, -3, 1)).reduce((a, b) => a + b, 0)).toBeCloseTo(0, 14);
    for (const d of gradient(row(4, 4, 4))) expect(d).toBeCloseTo(0, 14);
  });
});
