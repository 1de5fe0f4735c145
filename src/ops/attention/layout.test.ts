import { describe, expect, test } from 'vitest';
import type { DType } from '../../tensor/dtype.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { headsOf, layoutOf, wholeVectors } from './layout.ts';

/** What a layout reads of a tensor. */
const tensor = (shape: Shape, dtype: DType = 'f32') => ({ shape, dtype }) as Tensor;

describe('heads', () => {
  test('stand before the positions, or side by side in each', () => {
    expect(headsOf('q', [2, 4, 3, 5], undefined)).toEqual({
      batch: 2,
      heads: 4,
      length: 3,
      width: 5,
      strides: [60, 15, 5],
    });
    expect(headsOf('q', [2, 4, 3, 5], 4).heads).toBe(4);
    expect(headsOf('q', [2, 3, 20], 4)).toEqual({
      batch: 2,
      heads: 4,
      length: 3,
      width: 5,
      strides: [60, 5, 20],
    });
    expect(headsOf('q', [2, 3, 20], 1)).toEqual({
      batch: 2,
      heads: 1,
      length: 3,
      width: 20,
      strides: [60, 20, 20],
    });
  });

  test.each<[Shape, number | undefined, string]>([
    [[2, 4, 3, 5], 2, 'q of 2x4x3x5 is neither [B, H, S, D] nor [B, S, H * D] of 2 heads'],
    [[2, 4, 6, 8], 2, 'of 2 heads'],
    [[2, 3, 20], undefined, 'of a given number of heads'],
    [[2, 3, 20], 3, 'of 3 heads'],
    [[2, 3, 20], 0, 'of 0 heads'],
    [[2, 3, 20], -4, 'of -4 heads'],
    [[20], 4, 'q of 20 is neither'],
  ])('%j of %s heads are refused', (shape, heads, message) => {
    expect(() => headsOf('q', shape, heads)).toThrow(message);
  });
});

describe('whole vectors', () => {
  test.each<[Shape, number | undefined, number, readonly number[]]>([
    [[2, 4, 3, 5], undefined, 8, [96, 24, 8]],
    [[2, 4, 3, 8], undefined, 8, [96, 24, 8]],
    [[2, 4, 3, 1], undefined, 4, [48, 12, 4]],
    [[2, 3, 20], 4, 8, [96, 8, 32]],
    [[2, 4, 3, 0], undefined, 0, [0, 0, 0]],
  ])('of %j of %s heads', (shape, heads, width, strides) => {
    const { length } = headsOf('q', shape, heads);
    const filled = wholeVectors(headsOf('q', shape, heads));
    expect(filled).toMatchObject({ width, strides, length });
  });
});

const Q = [2, 4, 3, 16];
const K = [2, 2, 6, 16];
const V = [2, 2, 6, 5];

function layout(
  { q = Q, k = K, v = V, mask }: { q?: Shape; k?: Shape; v?: Shape; mask?: Tensor } = {},
  params: object = {},
) {
  const all = { causal: false, ...params };
  const operands = { q: tensor(q), k: tensor(k), v: tensor(v), mask };
  return layoutOf(operands, all as Parameters<typeof layoutOf>[1]);
}

describe('an attention', () => {
  test('is laid out for its kernels', () => {
    const { shape, scores, group, scale, rows, keyRows, uniforms, y } = layout();
    expect([shape, scores]).toEqual([
      [2, 4, 3, 5],
      [2, 4, 3, 6],
    ]);
    expect([group, scale, rows, keyRows]).toEqual([2, 0.25, 24, 24]);
    expect(y.strides).toEqual([60, 15, 5]);
    // Values of 5 columns are filled up to 8, and so is dy.
    const told = (ofY: readonly number[]) => [
      ...[192, 48, 16, 16],
      ...[192, 96, 16, 16],
      ...[96, 48, 8, 8],
      ...[...ofY, 0, 0, 0, 0],
      ...[4, 2, 3, 6],
      ...[24, 24, 0, 0],
      ...[16, 5, 0.25, 0],
    ];
    const { forward, backward } = uniforms;
    expect(forward.map(({ value }) => value)).toEqual(told([60, 15, 5, 5]));
    expect(backward.map(({ value }) => value)).toEqual(told([96, 24, 8, 8]));
    expect(forward.map(({ kind }) => kind)).toEqual([...Array(30).fill('u32'), 'f32', 'f32']);
  });

  test('has the scale, the cap and the direction that it is given', () => {
    const { forward } = layout({}, { scale: 3, softcap: 7, causal: true }).uniforms;
    expect(forward.slice(26).map(({ value }) => value)).toEqual([1, 0, 16, 5, 3, 7]);
  });

  test('has heads side by side where its queries have', () => {
    const { shape, y, rows } = layout(
      { q: [2, 3, 64], k: [2, 6, 32], v: [2, 6, 10] },
      { heads: 4, kv_heads: 2 },
    );
    expect([shape, y.strides, rows]).toEqual([[2, 3, 20], [60, 5, 20], 24]);
  });

  test.each<[string, Shape, DType, number[], number]>([
    ['of all scores', [2, 4, 3, 6], 'u8', [72, 18, 6, 1], 1],
    ['of queries and keys', [3, 6], 'u8', [0, 0, 6, 1], 1],
    ['that is added', [2, 1, 1, 6], 'f32', [6, 0, 0, 1], 2],
    ['of one score', [1], 'u8', [0, 0, 0, 0], 1],
  ])('takes a mask %s', (_, shape, dtype, strides, kind) => {
    const values = layout({ mask: tensor(shape, dtype) }).uniforms.forward.map(
      ({ value }) => value,
    );
    expect([values.slice(16, 20), values[27]]).toEqual([strides, kind]);
  });

  test.each<[string, Parameters<typeof layout>[0], string]>([
    ['keys of another batch', { k: [3, 2, 6, 16] }, '3x2x6x16, 2x2x6x5'],
    ['values of another batch', { v: [3, 2, 6, 5] }, '2x2x6x16, 3x2x6x5'],
    ['keys of another width', { k: [2, 2, 6, 15] }, '2x2x6x15, 2x2x6x5'],
    ['values of other heads', { v: [2, 4, 6, 5] }, '2x2x6x16, 2x4x6x5'],
    ['values of another length', { v: [2, 2, 7, 5] }, '2x2x6x16, 2x2x7x5'],
    ['heads that cannot be shared', { k: [2, 3, 6, 16], v: [2, 3, 6, 5] }, '2x3x6x16, 2x3x6x5'],
  ])('refuses %s', (_, shapes, told) => {
    expect(() => layout(shapes)).toThrow(
      `scaled_dot_product_attention: q, k, v of 2x4x3x16, ${told} do not fit`,
    );
  });

  test('of no heads is none', () => {
    const { group, rows } = layout({ q: [2, 0, 3, 16], k: [2, 0, 6, 16], v: [2, 0, 6, 5] });
    expect([group, rows]).toEqual([1, 0]);
  });

  test.each<[Shape, string]>([
    [[4, 6], 'a mask of 4x6 does not broadcast to 2x4x3x6'],
    [[1, 2, 4, 3, 6], 'a mask of 1x2x4x3x6 does not broadcast'],
  ])('refuses a mask of %j', (shape, message) => {
    expect(() => layout({ mask: tensor(shape) })).toThrow(message);
  });

  test('takes a cap below 1', () => {
    expect(layout({}, { softcap: 0.25 }).uniforms.forward.at(-1)?.value).toBe(0.25);
  });

  test.each([0, -1, Number.NaN])('refuses a cap of %d', (softcap) => {
    expect(() => layout({}, { softcap })).toThrow(`softcap ${softcap} is not positive`);
  });
});
