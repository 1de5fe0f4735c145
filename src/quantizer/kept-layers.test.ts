import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { isHead, isTable } from './kept-layers.ts';
import { isUsuallyQuantized } from './quantizer.ts';

/** The tests of the bridge hold its `quantize` to the same names. */
const NAMES = JSON.parse(
  readFileSync(new URL('../../bridge/tests/kept_layers.json', import.meta.url), 'utf8'),
) as Readonly<Record<'kept' | 'quantized', readonly string[]>>;

test.each([
  ...NAMES.kept.map((layer) => [layer, false] as const),
  ...NAMES.quantized.map((layer) => [layer, true] as const),
])('of the matrix %s it is said whether it is quantized', (layer, expected) => {
  expect(isUsuallyQuantized(`${layer}.weight`, { shape: [4, 8] })).toBe(expected);
});

test('what has the name of a table and more dimensions is a convolution', () => {
  const shape = [8, 3, 14, 14];
  expect(isUsuallyQuantized('embeddings.patch_embedding.weight', { shape })).toBe(true);
});

test('a head is none of the tables, so that a rule may name it', () => {
  const heads = ['lm_head', 'gpt_neox.embed_out'];
  expect(heads.map(isHead)).toEqual([true, true]);
  expect(heads.map(isTable)).toEqual([false, false]);
});
