import { expect, test } from 'vitest';
import { heldAs } from '../../tensor/half.ts';
import type { Value, Values } from '../record.ts';
import { stepsIn } from '../steps.ts';
import { record as ofFloats } from './linear_8bit_lt.ts';
import { record } from './matmul_8bit_lt.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const x = of([2, 3], 127, 2.5, -7, 254, 2, 9);
const bias = of([2], 1, -1);
const weight = of([2, 3], 127, -64, 0.25, 1, 63.5, -3);
const dy = of([2, 2], 1, -2, 0.5, 3);

test.each([0, 6])('codes that were stored give what their weight gives, beyond %d', (threshold) => {
  const params = { threshold };
  const floats: Values = ofFloats.forward({ x, weight, bias }, params);
  const { q_weight, weight_stats, ...others } = floats;
  const stored = { x, bias, q_weight, weight_stats } as never;
  expect(record.forward(stored, params)).toEqual(others);
  expect(record.vjp?.(stored, params, { y: dy })).toEqual(
    ofFloats.vjp?.({ x, weight, bias }, params, { y: dy }),
  );
});

test('codes are taken as they are, though no weight has them', () => {
  const given = { x: of([1, 2], 127, 0), q_weight: of([1, 2], 5, 3), weight_stats: of([1], 254) };
  const { acc, y }: Readonly<Record<'acc' | 'y', Value>> = record.forward(given, { threshold: 0 });
  expect([...acc.data]).toEqual([127 * 5]);
  expect(y.data[0]).toBeCloseTo(127 * 5 * 2, 9);
  expect(record.vjp?.(given, { threshold: 0 }, { y: of([1, 1], 1) })).toEqual({
    x: of([1, 2], 10, 6),
  });
});

test('halves are foreseen by the threshold that the party means', () => {
  // 6.001 as a half is 6, so that 6 is an outlier for who compares halves alone.
  const given = {
    x: of([1, 3], 6, 3.25, 1.75),
    q_weight: of([1, 3], 77, -64, 127),
    weight_stats: of([1], 127 / 64),
  };
  const foreseen = (outlier: number) =>
    record.foreseen?.(stepsIn('f16'), given, { threshold: 6.001 }, undefined, {
      outlier_cols: of([1], outlier),
    }).y;
  const asHalf = foreseen(0);
  expect(asHalf).not.toEqual(foreseen(-1));
  const { y }: Readonly<Record<'y', Value>> = record.forward(given, { threshold: 6 });
  const stored = heldAs('f16', y.data[0] as number);
  expect(asHalf?.[0]?.[0]?.low).toBeLessThanOrEqual(stored);
  expect(asHalf?.[0]?.[0]?.high).toBeGreaterThanOrEqual(stored);
});
