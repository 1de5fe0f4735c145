import { expect, test } from 'vitest';
import type { GivenParams } from '../../../vocabulary/signature.ts';
import type { record } from '../scaled_dot_product_attention.ts';
import { problemOf } from './problem.ts';
import { rowOf } from './row.ts';

const EPS = 2 ** -23;

/** How a query attends to its only key; `perTerm` is the relative error of sums of one product. */
function attended(
  q: readonly number[],
  k: readonly number[],
  params: Pick<GivenParams<typeof record.signature>, 'scale' | 'softcap'>,
  perTerm = 0,
) {
  const tensor = (data: readonly number[]) => ({
    shape: [1, 1, 1, data.length],
    data: Float64Array.from(data),
  });
  const { softcap, scale = 1 } = params;
  const problem = problemOf(
    { q: tensor(q), k: tensor(k), v: tensor([1]), mask: undefined },
    { causal: false, softcap, scale, heads: undefined, kv_heads: undefined },
  );
  const [only] = rowOf(problem, [0, 0, 0], (terms) => perTerm * terms);
  return only as NonNullable<typeof only>;
}

/** The error of the weight of an only key whose score is off by `error`: twice exp's and 2.5 units. */
function errorOfWeight(error: number, ofSum = 0): number {
  const off = Math.expm1(error + 3 * EPS);
  return (2 * off + ofSum + 2.5 * EPS) / (1 - off);
}

test('a score is off by its sum, by a unit of the product and by flushes of all its terms', () => {
  // 2 units of 2.
  expect(attended([1], [2], {}).error).toBeCloseTo(errorOfWeight(2 * EPS), 15);
  expect(attended([1], [-2], {}).error).toBeCloseTo(errorOfWeight(2 * EPS), 15);
  // Of |3 * 2| + |-2 * 3| two times 2^-10, no sum; and the sum of weights one time.
  const cancelled = attended([3, -2], [2, 3], {}, 2 ** -10);
  expect(cancelled.error).toBeCloseTo(errorOfWeight(12 * 2 ** -9, 2 ** -10), 12);
  // Two terms, and each 2 and twice the largest operand: 24 flushes, times the scale.
  const flushed = errorOfWeight(24 * 2 ** -26);
  expect(attended([3, 0], [0, 5], { scale: 2 ** 100 }).error).toBeCloseTo(flushed, 15);
  expect(attended([5, 0], [0, -3], { scale: -(2 ** 100) }).error).toBeCloseTo(flushed, 15);
});

test('what a score is off counts in shares of the cap', () => {
  // 2 and twice 1 for the product, one for the scale; 3 units of exp and 5.5 of the rest.
  const { slopeError, slope } = attended([0], [1], { softcap: 2 ** -100 });
  expect(slopeError).toBeCloseTo(2 * 5 * 2 ** -26 + 8.5 * EPS, 15);
  expect(slope).toBe(1);
});

test('a score far beyond its cap has no slope', () => {
  expect(attended([1000], [1], { softcap: 1 }).slope).toBe(0);
  expect(attended([-1000], [1], { softcap: 1 }).slope).toBe(0);
});

test('weights are summed up to the last key that counts, and as many times may their sum be rescaled', () => {
  const tensor = (shape: readonly number[], ...data: number[]) => ({
    shape,
    data: Float64Array.from(data),
  });
  const mask = { ...tensor([1, 5], 1, 0, 0, 1, 0), dtype: 'u8' as const };
  const k = tensor([1, 1, 5, 1], 0, 0, 0, 0, 0);
  const problem = problemOf(
    { q: tensor([1, 1, 1, 1], 0), k, v: k, mask },
    { causal: false, softcap: undefined, scale: 1, heads: undefined, kv_heads: undefined },
  );
  const lengths: number[] = [];
  const rows = rowOf(problem, [0, 0, 0], (terms) => {
    lengths.push(terms);
    return 0;
  });
  expect(rows.map(({ key }) => key)).toEqual([0, 3]);
  expect(lengths.at(-1)).toBe(4);
});
