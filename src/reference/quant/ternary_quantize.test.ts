import { describe, expect, test } from 'vitest';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Acceptance, Value } from '../record.ts';
import { packTrits, record } from './ternary_quantize.ts';

const of = (...data: readonly number[]): Value => ({
  shape: [data.length],
  data: Float64Array.from(data),
});

function judged(weight: Value, threshold_factor: number) {
  const inputs = { weight };
  const params = { threshold_factor };
  const outputs = record.forward(inputs, params);
  const arithmetic = { depth: (terms: number) => terms, ieee: false };
  return { outputs, accepted: record.acceptance(inputs, outputs, params, arithmetic) };
}

const codesOf = (acceptance: Acceptance | undefined) => {
  if (acceptance?.kind !== 'codes') throw new RangeError('no codes');
  return acceptance;
};
const withinOf = (acceptance: Acceptance | undefined) => {
  if (acceptance?.kind !== 'within') throw new RangeError('no bound');
  return acceptance;
};
const bytes = Array.from({ length: 256 }, (_, byte) => byte);

test('four trits are a byte, the first lowest, and a zero stands where there is none', () => {
  expect([...packTrits(Float64Array.of(-1, 0, 1, 1, 1, -1))]).toEqual([
    0 + 4 * 1 + 16 * 2 + 64 * 2,
    2 + 4 * 0 + 16 * 1 + 64 * 1,
  ]);
});

describe('weights far from the threshold', () => {
  // Their mean size is 2, the threshold 1.
  const { outputs, accepted } = judged(of(4, -3, 0.5, 0.5, 2), 0.5);

  test('have one trit, and the mean size of those that are kept', () => {
    expect([...(outputs['trits'] as Value).data]).toEqual([1, -1, 0, 0, 1]);
    expect([...(outputs['threshold'] as Value).data]).toEqual([1]);
    expect([...(outputs['scale'] as Value).data]).toEqual([3]);
    expect([...(outputs['dequant'] as Value).data]).toEqual([3, -3, 0, 0, 3]);
  });

  test('have one byte, with zeros behind the last', () => {
    const { accepts } = codesOf(accepted['packed']);
    const right = [0, 1].map((b) => bytes.filter((byte) => accepts(b, byte)));
    expect(right).toEqual([[2 + 0 + 16 + 64], [2 + 4 + 16 + 64]]);
    expect(accepts(0, 82.5)).toBe(false);
  });

  test('have bounds of five additions, a division and a product', () => {
    const relative = ((9.5 * EPS) / (1 - 9.5 * EPS)) * SECOND_ORDER;
    expect(withinOf(accepted['threshold']).bound[0]).toBeCloseTo(relative, 16);
    expect(withinOf(accepted['scale']).bound[0]).toBeCloseTo(3 * relative, 16);
    const { bound } = withinOf(accepted['dequant']);
    expect(bound[0]).toBeCloseTo(3 * relative + 3 * EPS, 16);
    expect(bound[2]).toBe(2 ** -126);
    expect([codesOf(accepted['trits']).inBand, codesOf(accepted['packed']).inBand]).toEqual([0, 0]);
  });
});

describe('a weight on the threshold', () => {
  // Their mean size is 2, the threshold 1; two of them are kept for certain.
  const { accepted } = judged(of(4, 2, -1, 1), 0.5);
  const band = ((8.5 * EPS) / (1 - 8.5 * EPS)) * SECOND_ORDER;

  test('is kept or not', () => {
    const { accepts, inBand } = codesOf(accepted['trits']);
    const right = [0, 1, 2, 3].map((i) => [-1, 0, 1].filter((trit) => accepts(i, trit)));
    expect(right).toEqual([[1], [1], [-1, 0], [0, 1]]);
    expect(inBand).toBe(2);
    const packed = codesOf(accepted['packed']);
    // 1, 1, then -1 or 0, then 0 or 1.
    expect(bytes.filter((byte) => packed.accepts(0, byte))).toEqual(
      [10 + 64, 10 + 16 + 64, 10 + 128, 10 + 16 + 128].sort((a, b) => a - b),
    );
    const { nearest } = withinOf(accepted['dequant']);
    expect([nearest?.(2, -2.9), nearest?.(2, -0.1), nearest?.(3, 9)]).toEqual([-3, 0, 3]);
    expect([nearest?.(0, 0), nearest?.(1, 9)]).toEqual([3, 3]);
  });

  test('may move the scale by its distance from it', () => {
    // Of two that are open, over at least one that is kept: none of the two is counted as kept.
    const moved = (2 * (3 - 1 + band)) / 1;
    expect(withinOf(accepted['scale']).bound[0]).toBeCloseTo(3 * band + moved, 12);
  });
});

test('a weight on the threshold moves the scale the less the more are kept', () => {
  // Their mean size is 4, the threshold 2; three of 6 are kept for certain, or four.
  const { accepted } = judged(of(6, -6, 6, 2, 0), 0.5);
  const relative = ((9.5 * EPS) / (1 - 9.5 * EPS)) * SECOND_ORDER;
  const moved = (6 - 2 + 2 * relative) / 2;
  expect(withinOf(accepted['scale']).bound[0]).toBeCloseTo(6 * relative + moved, 12);
});

test('a weight is near to a threshold of 0 if it may be flushed, and no other is', () => {
  const { accepted } = judged(of(FLUSH, -FLUSH, 2 * FLUSH, 0), 0);
  const { accepts, inBand } = codesOf(accepted['trits']);
  const right = [0, 1, 2, 3].map((i) => [-1, 0, 1].filter((trit) => accepts(i, trit)));
  expect(right).toEqual([[0, 1], [-1, 0], [1], [0]]);
  expect(inBand).toBe(3);
});

test('no weight is kept of zeros', () => {
  const { outputs } = judged(of(0, 0), 0.5);
  expect([...(outputs['scale'] as Value).data]).toEqual([0]);
  expect([...(outputs['dequant'] as Value).data]).toEqual([0, 0]);
});
