import { describe, expect, test } from 'vitest';
import { EPS } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import { record } from './quantize_linear.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

/** Codes that are right of each element of x, with a scale of 1 or as given. */
function rightCodes(x: Value, ieee: boolean, scale = of(1)): readonly (readonly number[])[] {
  const inputs = { x, scale };
  const params = { dtype: 'int8' } as const;
  const arithmetic = { depth: (terms: number) => terms, ieee };
  const { q } = record.acceptance(inputs, record.forward(inputs, params), params, arithmetic);
  const { accepts } = q as Extract<Acceptance, { kind: 'codes' }>;
  const codes = Array.from({ length: 256 }, (_, i) => i - 128);
  return Array.from(x.data, (_, i) => codes.filter((code) => accepts(i, code)));
}

describe('a quotient near the middle of two codes', () => {
  test('has either where a division may be 2.5 units off', () => {
    const off = [-2.502, -2.498, 0, 2.498, 2.502].map((units) => 2.5 * (1 + units * EPS));
    expect(rightCodes(of(...off), false)).toEqual([[2], [2, 3], [2, 3], [2, 3], [3]]);
    expect(rightCodes(of(...off.map((x) => -x)), false)).toEqual([
      [-2],
      [-3, -2],
      [-3, -2],
      [-3, -2],
      [-3],
    ]);
  });

  test('has that of its float32 where the division is exact', () => {
    const off = [2.5 - EPS, 2.5 * (1 - EPS / 8), 3.5 * (1 + EPS / 8), 3.5 - 4 * EPS];
    expect(rightCodes(of(...off), true)).toEqual([[2], [2], [4], [3]]);
  });
});

test('a middle goes to the even code, and codes end where their type does', () => {
  const x = of(0.5, 1.5, 2.5, -0.5, -1.5, 0.4, -0.6, 126.5, 128, -129);
  const { q } = record.forward({ x, scale: of(1) }, { dtype: 'int8' });
  expect([...q.data]).toEqual([0, 2, 2, 0, -2, 0, -1, 126, 127, -128]);
  const ends = (params: object, zero_point?: Value) => {
    const inputs = { x: of(-999, 999), scale: of(0.5), ...(zero_point && { zero_point }) };
    return [...record.forward(inputs, params).q.data];
  };
  expect(ends({ dtype: 'int4' })).toEqual([-8, 7]);
  expect(ends({ dtype: 'uint4' })).toEqual([0, 15]);
  expect(ends({})).toEqual([0, 255]);
  expect(ends({}, { ...of(3), dtype: 'u8' })).toEqual([0, 255]);
  expect(ends({}, { ...of(3), dtype: 'i8' })).toEqual([-128, 127]);
});
