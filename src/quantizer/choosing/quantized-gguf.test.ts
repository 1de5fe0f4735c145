import { expect, test } from 'vitest';
import { readGguf } from '../../formats/gguf.ts';
import type { StoredTensor } from '../../formats/safetensors/stored.ts';
import { writeStored } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { quantizedGguf } from './quantized-gguf.ts';
import { weightsOfFile } from './weights-of-file.ts';

const tensor = (dtype: StoredTensor['dtype'], shape: readonly number[], bytes: number) => ({
  dtype,
  shape,
  bytes: Uint8Array.from({ length: bytes }, (_, i) => i % 100),
});

const LAYERS = [
  { layer: 'conv', shape: [2, 4, 4, 2], blocks: 2 },
  { layer: 'fc', shape: [3, 64], blocks: 6 },
].map(({ layer, shape, blocks }) => ({
  layer,
  shape,
  parts: { packed: hostTensorFrom('u8', [blocks * 34], new Float64Array(blocks * 34).fill(7)) },
  decoded: `digest of ${layer}`,
}));

function written(rest: Readonly<Record<string, StoredTensor>>, method = 'q8_0') {
  const given = { 'fc.weight': tensor('F32', [3, 64], 768), ...rest };
  const file = readSafetensors(writeStored(Object.entries(given), { format: 'pt' }));
  const scheme = { method, bits: 8, groupSize: 32 };
  const weights = weightsOfFile(file, 1);
  return readGguf(Uint8Array.from(Buffer.concat(quantizedGguf(LAYERS, { file, weights, scheme }))));
}

test('has matrices of blocks, all else as it was, and no activations', () => {
  const rest = {
    'conv.weight': tensor('BF16', [2, 4, 4, 2], 128),
    'fc.activations': tensor('F32', [1, 64], 256),
    'fc.bias': tensor('F16', [3], 6),
    scale: tensor('F64', [], 8),
    'steps.weight': tensor('I64', [1, 3], 24),
  };
  const { tensors, metadata } = written(rest);
  expect([...tensors].map(([name, { type, shape }]) => [name, type.name, shape]).sort()).toEqual([
    ['conv.weight', 'q8_0', [2, 32]],
    ['fc.bias', 'f16', [3]],
    ['fc.weight', 'q8_0', [3, 64]],
    ['scale', 'f64', [1]],
    ['steps.weight', 'i64', [1, 3]],
  ]);
  for (const name of ['fc.bias', 'scale', 'steps.weight'] as const)
    expect(tensors.get(name)?.bytes, name).toEqual(rest[name].bytes);
  expect(tensors.get('fc.weight')?.bytes).toEqual(new Uint8Array(6 * 34).fill(7));
  expect(Object.fromEntries(metadata)).toEqual({
    'general.architecture': 'weights',
    'general.quantization_version': 2,
    'gradproof.quantizer': 'q8_0;bits=8;group=32',
    'gradproof.shape.conv': '2x4x4x2',
    'gradproof.shape.fc': '3x64',
    'gradproof.decoded.conv': 'digest of conv',
    'gradproof.decoded.fc': 'digest of fc',
  });
});

test.each([
  ['mask: a .gguf file has no type for U8', { mask: tensor('U8', [3], 3) }],
  [
    'deep: a .gguf file has no tensors of 5 dimensions',
    { deep: tensor('F32', [1, 1, 1, 1, 2], 8) },
  ],
])('refuses what ggml does not have: %s', (line, rest) => {
  expect(() => written(rest as Readonly<Record<string, StoredTensor>>)).toThrow(line);
});

test('refuses a method that makes no blocks', () => {
  expect(() => written({}, 'nf4')).toThrow('a .gguf file has no type for nf4');
});
