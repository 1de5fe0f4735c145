import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Value } from '../record.ts';
import { record } from './bitnet_quantize.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

function judged(weight: Value, eps: number) {
  const inputs = { weight };
  const params = { eps };
  const outputs = record.forward(inputs, params);
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  const { trits, scale, dequant } = record.acceptance(inputs, outputs, params, arithmetic);
  if (trits?.kind !== 'codes' || scale?.kind !== 'within' || dequant?.kind !== 'within')
    throw new RangeError('no codes, or no bound');
  return { outputs, trits, scale, dequant };
}

type Codes = ReturnType<typeof judged>['trits'];

const right = ({ accepts }: Codes, n: number) =>
  Array.from({ length: n }, (_, i) => [-2, -1, -0.5, 0, 1, 2].filter((trit) => accepts(i, trit)));

describe('weights far from half of the divisor', () => {
  // Their mean size is 1.5, the divisor 2.
  const { outputs, trits, scale, dequant } = judged(of(4, -1.25, 0.5, -0.25), 0.5);

  test('have one trit, and all one scale', () => {
    expect([...outputs.trits.data]).toEqual([1, -1, 0, 0]);
    expect([...outputs.scale.data]).toEqual([1.5]);
    expect([...outputs.dequant.data]).toEqual([1.5, -1.5, 0, 0]);
    expect(right(trits, 4)).toEqual([[1], [-1], [0], [0]]);
    expect(trits.inBand).toBe(0);
  });

  test('have bounds of four additions, a division and a product', () => {
    const relative = ((8.5 * EPS) / (1 - 8.5 * EPS)) * SECOND_ORDER;
    expect(scale.bound[0]).toBeCloseTo(1.5 * relative, 16);
    expect(dequant.bound[0]).toBeCloseTo(1.5 * relative + 1.5 * EPS, 16);
    expect(dequant.bound[2]).toBe(FLUSH);
  });
});

test('a weight at half of the divisor goes to 0, or not', () => {
  // Their mean size is 1.5, the divisor 2.
  const { outputs, trits, dequant } = judged(of(3, -1, 1, 1), 0.5);
  expect([...outputs.trits.data]).toEqual([1, 0, 0, 0]);
  expect(right(trits, 4)).toEqual([[1], [-1, 0], [0, 1], [0, 1]]);
  expect(trits.inBand).toBe(3);
  expect([dequant.nearest?.(1, -1.4), dequant.nearest?.(1, -0.1), dequant.nearest?.(0, 0)]).toEqual(
    [-1.5, 0, 1.5],
  );
  expect(dequant.bound[1]).toBe(dequant.bound[0]);
});

test('the band is that of the mean and of its quotients', () => {
  const relative = ((8.5 * EPS) / (1 - 8.5 * EPS)) * SECOND_ORDER;
  const band = (1.5 * relative) / 2 + 4.5 * EPS;
  const accepted = (share: number) => {
    const above = 1 + share * band;
    // Kept as the mean is: what one weight gains another loses.
    const { trits } = judged(of(3 + (1 - above), above, 1.5, 0.5), 0.5);
    return right(trits, 2)[1];
  };
  expect([-1.01, -0.99, 0.99, 1.01].map(accepted)).toEqual([[0], [0, 1], [0, 1], [1]]);
});

test('zeros have a scale of 0', () => {
  const { outputs, trits } = judged(of(0, 0), 1e-5);
  expect([...outputs.scale.data, ...outputs.dequant.data]).toEqual([0, 0, 0]);
  expect(right(trits, 2)).toEqual([[0], [0]]);
  expect([...judged(of(), 1e-5).outputs.scale.data]).toEqual([0]);
});
