import { describe, expect, test } from 'vitest';
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
