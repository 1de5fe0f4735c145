import { describe, expect, test } from 'vitest';
import {
  countTokens,
  type LabelledTokens,
  listed,
  packedRows,
  packedTexts,
  paddedTexts,
} from './labelled-tokens.ts';
import { DataLoader } from './loader.ts';

const text = (ids: readonly number[], asked = ids.map(() => true)): LabelledTokens => ({
  ids,
  asked,
});
const A = text([1, 2, 3], [false, false, true]);
const B = text([4, 5]);
const C = text([6, 7, 8, 9]);
const PAD = 99;

test('tokens are counted, and those that a label asks for', () => {
  expect(countTokens([A, B, C])).toEqual({ tokens: 9, asked: 1 + 1 + 3 });
  expect(countTokens([])).toEqual({ tokens: 0, asked: 0 });
});

test('texts are filled up at their end to the longest', () => {
  const { inputs, labels } = paddedTexts(PAD)([A, B, C]);
  expect(inputs['ids']).toEqual({
    dtype: 'i32',
    shape: [3, 4],
    data: Int32Array.of(1, 2, 3, PAD, 4, 5, PAD, PAD, 6, 7, 8, 9),
  });
  expect(labels).toEqual({
    dtype: 'i32',
    shape: [3, 4],
    data: Int32Array.of(-100, -100, 3, -100, -100, 5, -100, -100, -100, 7, 8, 9),
  });
});

describe('packed', () => {
  test('texts stand one behind the other, whole, in their order', () => {
    expect(packedRows([A, B, C, B, A], 5)).toEqual([[A, B], [C], [B, A]]);
    expect(packedRows([C, B], 6)).toEqual([[C, B]]);
    expect(packedRows([], 5)).toEqual([]);
  });

  test('a text that no row holds is refused', () => {
    expect(() => packedRows([A, C], 3)).toThrow('a text of 4 tokens does not fit a row of 3');
  });

  test('rows number their texts, and ask for no first token', () => {
    const { inputs, labels } = packedTexts(6, PAD)([[A, B], [C]]);
    expect(Object.keys(inputs)).toEqual(['ids', 'documents']);
    const rows = ({ data }: { readonly data: ArrayLike<number> }) => Array.from(data);
    expect(rows(inputs['ids'] as never)).toEqual([1, 2, 3, 4, 5, PAD, 6, 7, 8, 9, PAD, PAD]);
    expect(rows(inputs['documents'] as never)).toEqual([0, 0, 0, 1, 1, 2, 0, 0, 0, 0, 1, 1]);
    expect(rows(labels)).toEqual([
      ...[-100, -100, 3, -100, 5, -100],
      ...[-100, 7, 8, 9, -100, -100],
    ]);
    for (const tensor of [inputs['ids'], inputs['documents'], labels])
      expect(tensor).toMatchObject({ dtype: 'i32', shape: [2, 6] });
  });

  test('epochs of rows differ in order, and are the same by seed', () => {
    const texts = Array.from({ length: 40 }, (_, i) => text([i + 1, i + 1]));
    const rows = listed(packedRows(texts, 4));
    const loader = (seed: number) =>
      new DataLoader(rows, packedTexts(4, PAD), { batchSize: 3, seed });
    const idsOf = (seed: number, epoch: number) =>
      [...loader(seed).epoch(epoch)].flatMap(({ inputs }) => Array.from(inputs['ids']?.data ?? []));
    expect(loader(1).batchCount).toBe(7);
    expect(idsOf(1, 0)).toEqual(idsOf(1, 0));
    expect(idsOf(1, 0)).not.toEqual(idsOf(1, 1));
    expect(idsOf(1, 0)).not.toEqual(idsOf(2, 0));
    expect(idsOf(1, 1).toSorted((a, b) => a - b)).toEqual(texts.flatMap(({ ids }) => ids));
  });
});
