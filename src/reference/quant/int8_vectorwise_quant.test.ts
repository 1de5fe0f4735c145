import { describe, expect, test } from 'vitest';
import { EPS, FLUSH } from '../bounds.ts';
import type { Value, Values } from '../record.ts';
import { record } from './int8_vectorwise_quant.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});

// Levels 127, 2.5, -63.5, 1 and 127, 0, 0, -127.
const inputs = { x: of([2, 4], 127, 2.5, -63.5, 1, 5, 0, 0, -5) };
const params = { threshold: 0 };
const depth = (terms: number) => terms;

function acceptedOf(actual: Values, ieee: boolean) {
  const outputs = record.forwardChosen?.(inputs, actual, params) as ReturnType<
    typeof record.forward
  >;
  const { q, dequant } = record.acceptance(inputs, outputs, params, { depth, ieee });
  if (q?.kind !== 'codes' || dequant?.kind !== 'within') throw new RangeError('no codes');
  const right = Array.from(inputs.x.data, (_, i) =>
    Array.from({ length: 257 }, (_, k) => k - 128).filter((code) => q.accepts(i, code)),
  );
  return { outputs, right, inBand: q.inBand, dequant };
}

test('codes are those of IEEE arithmetic, and at ties their neighbours in another', () => {
  expect(acceptedOf({}, true).right).toEqual([[127], [2], [-64], [1], [127], [0], [0], [-127]]);
  const { right, inBand } = acceptedOf({}, false);
  expect(right).toEqual([[127], [2, 3], [-64, -63], [1], [127], [0], [0], [-127]]);
  expect(inBand).toBe(2);
});

describe('a dequantized row', () => {
  test('follows from the codes that a party has', () => {
    const { outputs, dequant } = acceptedOf(
      { q: of([2, 4], 127, 3, -64, 2, 127, 0, 0, -127) },
      true,
    );
    expect([...(outputs.q?.data ?? [])]).toEqual([127, 3, -64, 1, 127, 0, 0, -127]);
    expect([...(outputs.dequant?.data ?? [])]).toEqual([127, 3, -64, 1, 5, 0, 0, -5]);
    expect(dequant.bound[1]).toBe(3 * EPS * 3 + 129 * FLUSH);
  });

  test('tells which codes a party had that lacks them', () => {
    const dequant = of([2, 4], 127, 3, -63, 1, 5, 0, 0, -5);
    expect([...(acceptedOf({ dequant }, true).outputs.q?.data ?? [])]).toEqual([
      127, 3, -63, 1, 127, 0, 0, -127,
    ]);
  });
});

test('a row without outliers is of the elements that are below the threshold', () => {
  const outputs = record.forward({ x: of([3], 7, -6, 2) }, { threshold: 6 });
  expect(outputs).toEqual({
    q: of([3], 0, 0, 127),
    row_stats: of([1], 2),
    outlier_cols: of([3], 0, 1, -1),
    dequant: of([3], 0, 0, 2),
  });
});
