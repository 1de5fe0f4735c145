import { expect, test } from 'vitest';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import type { DType } from '../../tensor/dtype.ts';
import { filledTensor, type HostTensors, valuesOf } from '../../tensor/host.ts';
import type { Shape } from '../../tensor/shape.ts';
import { smallBlock } from './small-block.ts';
import { namedWeight } from './weight-source.ts';
import { fileOfWeights, leftOutOf, weightsOfFile } from './weights-of-file.ts';

const tensor = (dtype: DType, shape: Shape) => filledTensor(dtype, shape, (i) => i);
const sourcesOf = (tensors: HostTensors) =>
  weightsOfFile(readSafetensors(writeSafetensors(tensors)), 7);

test('takes floats of two dimensions or more that are weights, and no embedding', () => {
  const sources = sourcesOf({
    'fc.weight': tensor('bf16', [3, 4]),
    'conv.weight': tensor('f32', [2, 3, 1, 1]),
    'fc.bias': tensor('f32', [3]),
    'norm.weight': tensor('f32', [3]),
    'embed_tokens.weight': tensor('f32', [5, 4]),
    'ids.weight': tensor('i32', [2, 2]),
    'empty.weight': tensor('f32', [0, 4]),
    other: tensor('f32', [2, 2]),
  });
  expect(sources.map(({ layer, shape }) => [layer, shape])).toEqual([
    ['conv', [2, 3, 1, 1]],
    ['fc', [3, 4]],
  ]);
});

test('tells which weights it leaves out, and why', () => {
  const file = readSafetensors(
    writeSafetensors({
      'fc.weight': tensor('f32', [3, 4]),
      'norm.weight': tensor('f32', [3]),
      'model.tok_embeddings.weight': tensor('f32', [5, 4]),
      'lm_head.weight': tensor('f32', [5, 4]),
      'codes.weight': tensor('i8', [2, 2]),
      'none.weight': tensor('f16', [0, 4]),
    }),
  );
  expect(leftOutOf(file).toSorted((a, b) => (a.layer < b.layer ? -1 : 1))).toEqual([
    { layer: 'codes', dtype: 'I8', why: 'type' },
    { layer: 'lm_head', dtype: 'F32', why: 'head' },
    { layer: 'model.tok_embeddings', dtype: 'F32', why: 'embeddings' },
    { layer: 'none', dtype: 'F16', why: 'empty' },
  ]);
});

test('an index of several files is told apart from weights', () => {
  const index = new TextEncoder().encode('{"metadata":{},"weight_map":{}}');
  expect(() => fileOfWeights('some/model.safetensors.index.json', index)).toThrow(
    'names files of weights and holds none itself: give those .safetensors files',
  );
});

test('reads weights as f32, with the activations of the file or drawn ones', () => {
  const [given, drawn] = sourcesOf({
    'a.weight': tensor('f16', [2, 3]),
    'a.activations': tensor('f32', [4, 3]),
    'b.weight': tensor('f16', [2, 5]),
  }).map(namedWeight);
  expect(given?.weight).toMatchObject({ dtype: 'f32', shape: [2, 3] });
  expect([...(given?.weight.data ?? [])]).toEqual([0, 1, 2, 3, 4, 5]);
  expect(given?.input.shape).toEqual([4, 3]);
  expect(drawn?.input.shape).toEqual([16, 5]);
});

test.each([
  [{ 'norm.weight': tensor('f32', [3]) }, /holds no weight that can be quantized/],
  [
    { 'a.weight': tensor('f32', [2, 3]), 'a.activations': tensor('f32', [2, 4]) },
    /holds a\.activations, F32 2x4: give floats \[rows, 3\]/,
  ],
  [
    { 'a.weight': tensor('f32', [2, 3]), 'a.activations': tensor('i32', [2, 3]) },
    /holds a\.activations, I32 2x3/,
  ],
])('refuses in one line what it cannot take', (tensors, says) => {
  expect(() => sourcesOf(tensors as HostTensors)).toThrow(says);
});

test('drawn weights are those of the seed, and have outliers', () => {
  const drawn = (seed: number) => smallBlock(seed).map(namedWeight);
  expect(drawn(1)).toEqual(drawn(1));
  expect(drawn(1)[0]?.weight).not.toEqual(drawn(2)[0]?.weight);
  for (const { weight, input } of drawn(1)) {
    expect(input.shape[1]).toBe(weight.shape[1]);
    const values = valuesOf(weight);
    const variance = values.reduce((sum, one) => sum + one ** 2, 0) / values.length;
    const largest = values.reduce((most, one) => Math.max(most, Math.abs(one)), 0);
    expect(largest).toBeGreaterThan(8 * Math.sqrt(variance));
  }
});
