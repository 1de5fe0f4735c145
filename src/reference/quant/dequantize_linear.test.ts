import { expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { record } from './dequantize_linear.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

test('a level of more than 24 bits is rounded as it becomes a float', () => {
  const given = {
    q: { ...of(2 ** 23 + 2, 2 ** 24, 2 ** 24 + 2), dtype: 'i32' as const },
    scale: of(1),
  };
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  const outputs = record.forward(given, {});
  const { y } = record.acceptance(given, outputs, {}, arithmetic);
  const units =
    y?.kind === 'within' ? [...y.bound].map((bound, i) => bound / (given.q.data[i] as number)) : [];
  expect(units.map((unit) => unit / (units[0] as number))).toEqual([
    1,
    expect.closeTo(1, 12),
    expect.closeTo(2, 12),
  ]);
});
