import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Value } from '../record.ts';
import { record } from './rms_norm.ts';

const differentiable = record as Required<typeof record>;
const matrix = (...rows: readonly (readonly number[])[]): Value => ({
  shape: [rows.length, rows[0]?.length ?? 0],
  data: Float64Array.from(rows.flat()),
});
const vector = (...data: number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

describe('RMSNorm', () => {
  test('divides by the root mean square, then weighs', () => {
    const { y } = record.forward(
      { x: matrix([3, -3, 3, -3], [1, 7, -5, 5]), weight: vector(1, 2, 3, 4) },
      { eps: 0 },
    );
    expect(Array.from(y.data.subarray(0, 4))).toEqual([1, -2, 3, -4]);
    expect(y.data[5]).toBeCloseTo((2 * 7) / 5, 14);
  });

  test('does not change when a row is scaled, unless eps dominates', () => {
    const weight = vector(1, -1, 2);
    const y = (scale: number, eps: number) =>
      record.forward({ x: matrix([scale, 2 * scale, -scale]), weight }, { eps }).y.data[1];
    expect(y(1e-3, 0)).toBeCloseTo(y(1e3, 0) as number, 12);
    expect(y(1e-9, 1)).toBeCloseTo(-2e-9, 15);
  });

  test('of tiny numbers may lose two flushes of their mean', () => {
    // A mean of 2^-104, and eps twice that.
    const given = { x: matrix([2 ** -52]), weight: vector(1) };
    const params = { eps: 2 ** -103 };
    const arithmetic = { depth: () => 0, ieee: false };
    const outputs = record.forward(given, params);
    const { y } = record.acceptance(given, outputs, params, arithmetic);
    const bound = y?.kind === 'within' ? (y.bound[0] as number) : Number.NaN;
    // 4 units of the sum with eps by halves, two of the root, two flushes; two products.
    const relative = (4 * EPS) / 2 + 2 * EPS + 2 ** -125 / (3 * 2 ** -104) + 2 * EPS;
    const flush = FLUSH * (2 + 1 + 2 ** 52 / Math.sqrt(3));
    const expected = relative * Math.sqrt(1 / 3) * SECOND_ORDER + flush;
    expect(bound / expected).toBeCloseTo(1, 6);
  });

  test('has no gradient along the row itself without eps', () => {
    const x = matrix([0.5, -2, 3]);
    const { x: dx } = differentiable.vjp(
      { x, weight: vector(1, 2, -1) },
      { eps: 0 },
      { y: matrix([1, 4, 9]) },
    );
    expect(dx?.data.reduce((sum, d, i) => sum + d * (x.data[i] as number), 0)).toBeCloseTo(0, 12);
  });
});

describe('the bound of RMSNorm', () => {
  const exact = { depth: () => -1, ieee: false };
  const boundOf = (x: Value, eps: number): number => {
    const inputs = { x, weight: vector(...new Array(x.data.length).fill(3)) };
    const { y } = record.acceptance(inputs, record.forward(inputs, { eps }), { eps }, exact);
    return y?.kind === 'within' ? (y.bound[0] as number) : Number.NaN;
  };

  test('counts squares that are flushed, twice against their mean and eps', () => {
    // Under the root there are 3 * 2^-124, of them 2^-125 may be lost.
    const x = 2 ** -62;
    const y = (3 * x) / Math.sqrt(3 * 2 ** -124);
    const roundings = 1.5 * EPS + 2 * EPS + 2 * EPS;
    expect(boundOf(matrix([x]), 2 ** -123)).toBeCloseTo(y * (1 / 6 + roundings) * SECOND_ORDER, 9);
  });

  test('of zeros is what is flushed of the products', () => {
    expect(boundOf(matrix([0]), 0.25) / FLUSH).toBe(2 + 3 * (1 + 2));
  });

  test('is none where a sum of squares overflows', () => {
    // 4095^2 + 90^2 + 9^2 + 3^2 is 2^24 - 1, which is the largest float32 in units of 2^104.
    const of = (last: number) => boundOf(matrix([4095, 90, 9, last].map((x) => x * 2 ** 52)), 1);
    expect(of(3)).toBeLessThan(1);
    expect(of(4)).toBe(Infinity);
  });
});
