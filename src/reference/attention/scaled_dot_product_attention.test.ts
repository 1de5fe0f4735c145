import { describe, expect, test } from 'vitest';
import type { Shape } from '../../tensor/shape.ts';
import type { GivenParams } from '../../vocabulary/signature.ts';
import { SECOND_ORDER } from '../bounds.ts';
import type { Value, Values } from '../record.ts';
import { IN_HALVES } from '../rounding.ts';
import { record } from './scaled_dot_product_attention.ts';

const differentiable = record as Required<typeof record>;
const tensor = (shape: Shape, ...data: number[]): Value => ({
  shape,
  data: Float64Array.from(data),
});
const outputOf = (inputs: Values, params: GivenParams<typeof record.signature> = {}): number[] =>
  Array.from((record.forward(inputs, params)['y'] as Value).data);

/** Two queries that see every key alike, three keys with values 1, 2 and 6. */
const alike = {
  q: tensor([1, 1, 2, 1], 0, 0),
  k: tensor([1, 1, 3, 1], 5, -1, 2),
  v: tensor([1, 1, 3, 1], 1, 2, 6),
};

describe('attention', () => {
  test('averages the values of keys that score alike', () =>
    expect(outputOf(alike)).toEqual([3, 3]));

  test('lets query i see the keys up to i where it is causal, from the top left on', () => {
    expect(outputOf(alike, { causal: true })).toEqual([1, 1.5]);
  });

  test('leaves out what a mask of bytes or of minus infinities hides, and is 0 where nothing is left', () => {
    const hidden = { ...tensor([2, 3], 1, 0, 1, 0, 0, 0), dtype: 'u8' as const };
    expect(outputOf({ ...alike, mask: hidden })).toEqual([3.5, 0]);
    const infinite = {
      ...tensor([2, 3], 0, -Infinity, 0, -Infinity, -Infinity, -Infinity),
      dtype: 'f32' as const,
    };
    expect(outputOf({ ...alike, mask: infinite })).toEqual([3.5, 0]);
  });

  test('averages a row of the most negative float32 alone, which hides nothing', () => {
    const lowest = {
      ...tensor([1, 3], ...Array<number>(3).fill(-(2 - 2 ** -23) * 2 ** 127)),
      dtype: 'f32' as const,
    };
    expect(outputOf({ ...alike, mask: lowest })).toEqual([3, 3]);
  });

  test('adds a float mask to the scores', () => {
    const mask = { ...tensor([1, 3], 0, Math.log(2), 0), dtype: 'f32' as const };
    expect(outputOf({ ...alike, mask })[0]).toBeCloseTo((1 + 2 * 2 + 6) / 4, 12);
  });

  test('weighs keys by differences of scores, however large these are', () => {
    const q = tensor([1, 1, 1, 2], 2 ** 53, 1);
    const keys = { k: tensor([1, 1, 2, 2], 1, 0, 1, -1), v: tensor([1, 1, 2, 1], 1, 0) };
    // Scores of 2^53 and of one less; one more is no number.
    const weight = 1 / (1 + Math.exp(-1));
    expect(outputOf({ q, ...keys }, { scale: 1 })[0]).toBeCloseTo(weight, 12);
    const mask = { ...tensor([1, 2], 1, 1), dtype: 'u8' as const };
    expect(outputOf({ q, ...keys, mask }, { scale: 1 })[0]).toBeCloseTo(weight, 12);
  });

  test('may lose to a flush two of a term, and three times its value', () => {
    const q = tensor([1, 1, 1, 1], 1);
    // Weights of 1 and 0, values of 0 and 3.
    const given = { q, k: tensor([1, 1, 2, 1], 1000, 0), v: tensor([1, 1, 2, 1], 0, 3) };
    const arithmetic = { depth: (terms: number) => terms, ieee: false };
    const { y } = record.acceptance(given, record.forward(given, {}), {}, arithmetic);
    // And a thousandth for what is of second order.
    expect(y?.kind === 'within' && (y.bound[0] as number) * 2 ** 126).toBeCloseTo(13 * 1.001, 12);
  });

  test('shares a head of keys among neighbouring query heads', () => {
    const q = tensor([1, 4, 1, 1], 0, 0, 0, 0);
    const keys = { k: tensor([1, 2, 1, 1], 1, 1), v: tensor([1, 2, 1, 1], 7, 9) };
    expect(outputOf({ q, ...keys })).toEqual([7, 7, 9, 9]);
    expect(outputOf({ q: { ...q, shape: [1, 1, 4] }, ...keys }, { heads: 4 })).toEqual([
      7, 7, 9, 9,
    ]);
  });

  test('caps scores at softcap, and takes the scale before', () => {
    const q = tensor([1, 1, 1, 1], 1000);
    const k = tensor([1, 1, 2, 1], 1000, -1000);
    const v = tensor([1, 1, 2, 1], 1, 0);
    expect(outputOf({ q, k, v }, { scale: 1, softcap: 1 })[0]).toBeCloseTo(
      1 / (1 + Math.exp(-2)),
      12,
    );
    expect(outputOf({ q, k, v }, { scale: 0, softcap: 1 })[0]).toBe(0.5);
  });

  test('gives no gradient to what a query does not see, and none for a query that sees nothing', () => {
    const mask = { ...tensor([2, 3], 1, 0, 1, 0, 0, 0), dtype: 'u8' as const };
    const { q, v } = differentiable.vjp({ ...alike, mask }, {}, { y: tensor([1, 1, 2, 1], 1, 1) });
    expect(Array.from((v as Value).data)).toEqual([0.5, 0, 0.5]);
    expect((q as Value).data[1]).toBe(0);
  });
});

test('weights that a library keeps in halves are rounded, and so may their sum be', () => {
  const boundOf = (more: object) => {
    const arithmetic = { depth: (terms: number) => terms, ieee: false, ...more };
    const { y } = record.acceptance(alike, record.forward(alike, {}), {}, arithmetic);
    return y?.kind === 'within' ? (y.bound[0] as number) : Number.NaN;
  };
  for (const between of ['f16', 'bf16'] as const) {
    const { eps, flush } = IN_HALVES[between];
    // Three weights of a third, of 1, 2 and 6; lost weights count once, and in the sum of three.
    const more = (boundOf({ between }) - boundOf({})) / SECOND_ORDER;
    expect(more / (2 * eps * 3 + flush * 9 * 2)).toBeCloseTo(1, 9);
  }
  expect(boundOf({ halves: 'bf16' })).toBe(boundOf({}));
});
