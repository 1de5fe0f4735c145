import { describe, expect, test } from 'vitest';
import type { Value } from '../record.ts';
import { record as rotaryEmbedding } from './rotary_embedding.ts';
import { record } from './rotary_embedding_cache.ts';

const of = (shape: readonly number[], ...data: readonly number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
// Turns by nothing, a quarter and a half.
const tables = { cos: of([3, 1], 1, 0, -1), sin: of([3, 1], 0, 1, 0) };

describe('turns of a table', () => {
  test('are looked up by ids, those outside at its ends', () => {
    const x = of([1, 1, 5, 2], 1, 2, 1, 2, 1, 2, 1, 2, 1, 2);
    const position_ids = of([1, 5], -3, 0, 1, 2, 7);
    const { y } = record.forward({ x, ...tables, position_ids }, {});
    expect([...y.data]).toEqual([1, 2, 1, 2, -2, 1, -1, -2, -1, -2]);
  });

  test('end where the tables do, whatever the number of pairs', () => {
    // Of the second pair: by nothing and a half.
    const two = { cos: of([2, 2], 1, 1, 0, -1), sin: of([2, 2], 0, 0, 1, 0) };
    const x = of([1, 1, 2, 4], 1, 3, 2, 4, 1, 3, 2, 4);
    const { y } = record.forward({ x, ...two, position_ids: of([1, 2], -3, 2) }, {});
    expect([...y.data]).toEqual([1, 3, 2, 4, -2, -3, 1, -4]);
  });

  test('are those of the position of each head, in either layout', () => {
    // Two heads of three positions.
    const x = of([1, 2, 3, 2], ...[1, 2, 1, 2, 1, 2], ...[3, 4, 3, 4, 3, 4]);
    const { y } = record.forward({ x, ...tables }, {});
    expect([...y.data]).toEqual([1, 2, -2, 1, -1, -2, 3, 4, -4, 3, -3, -4]);
    const beside = of([1, 3, 4], 1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4);
    const flat = record.forward({ x: beside, ...tables }, { heads: 2 });
    expect([...flat.y.data]).toEqual([1, 2, 3, 4, -2, 1, -4, 3, -1, -2, -3, -4]);
  });
});

test('a cosine of an angle that says nothing is two off at most', () => {
  const params = { head_dim: 2 } as const;
  const inputs = { q: of([1, 1, 1, 2], 1, 0), k: of([1, 1, 1, 2], 0, 0), position_ids: of([1], 9) };
  const outputs = rotaryEmbedding.forward(inputs, params);
  // A gamma of 1, times an angle of 9.
  const arithmetic = { depth: () => 2 ** 22, ieee: false };
  const { q } = rotaryEmbedding.acceptance(inputs, outputs, params, arithmetic);
  expect(q?.kind === 'within' && q.bound[0]).toBeCloseTo(2 * (1 + 1e-3), 5);
});
