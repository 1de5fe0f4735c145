import { expect, test } from 'vitest';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { readSafetensors } from '../../formats/safetensors.ts';
import { type HostTensors, hostTensorFrom } from '../../tensor/host.ts';
import { quantizedFile } from './quantized-file.ts';
import { weightsOfFile } from './weights-of-file.ts';

const scheme = { method: 'nf4', bits: 4, groupSize: 64 };
const floats = (shape: readonly number[]) =>
  hostTensorFrom('f32', shape, new Float64Array(shape.reduce((a, b) => a * b, 1)));

function written(tensors: HostTensors, metadata: Readonly<Record<string, string>> = {}) {
  const file = readSafetensors(writeSafetensors(tensors, { format: 'pt', ...metadata }));
  const weights = weightsOfFile(file, 1);
  const layer = { layer: 'fc', shape: [2, 64], parts: PARTS, decoded: 'digest' };
  return readSafetensors(Buffer.concat(quantizedFile([layer], { file, weights, scheme })));
}

const PARTS = {
  packed: hostTensorFrom('u8', [64, 1], new Float64Array(64)),
  absmax: hostTensorFrom('f32', [2], [1, 2]),
};

test('has the parts, what was not quantized as it was, and no activations', () => {
  const { tensors, metadata } = written({
    'fc.weight': floats([2, 64]),
    'fc.bias': floats([2]),
    'fc.activations': floats([1, 64]),
    'refused.weight': floats([2, 7]),
    'refused.activations': floats([1, 7]),
  });
  expect([...tensors].map(([name, { dtype, shape }]) => [name, dtype, shape]).sort()).toEqual([
    ['fc.bias', 'F32', [2]],
    ['fc.weight', 'U8', [64, 1]],
    ['fc.weight.absmax', 'F32', [2]],
    ['fc.weight.quant_map', 'F32', [16]],
    ['fc.weight.quant_state.bitsandbytes__nf4', 'U8', [68]],
    ['refused.weight', 'F32', [2, 7]],
  ]);
  expect(Object.fromEntries(metadata)).toEqual({
    format: 'pt',
    quantizer: 'nf4;bits=4;group=64',
    'shape.fc': '2x64',
    'decoded.fc': 'digest',
  });
});

test('tells the group of each layer that the library found by itself', () => {
  const scheme = { method: 'quanto_int', bits: 4, groupSize: 'usual', axis: 0 } as const;
  const layers = [192, 100].map((width) => ({
    ...{ layer: `of${width}`, shape: [2, width], decoded: 'digest' },
    parts: {
      packed: hostTensorFrom('u8', [1, 1], [0]),
      ...{ scale: floats([1, 1]), shift: floats([1, 1]) },
    },
  }));
  const bytes = quantizedFile(layers, { file: undefined, weights: layers, scheme });
  const { metadata } = readSafetensors(Buffer.concat(bytes));
  expect([metadata.get('group.of192'), metadata.get('group.of100')]).toEqual(['96', 'channel']);
});

test('of a file that was saved so, layers that stay are told with their own scheme', () => {
  const before = {
    quantizer: 'hqq;bits=4;group=64;axis=1',
    'shape.up': '2x64',
    'decoded.up': 'of up',
    'quantizer.first': 'mlx;bits=4;group=64',
    'shape.first': '2x64',
    'decoded.first': 'of first',
    'shape.fc': '64x2',
    'group.fc': '32',
    'decoded.fc': 'stale',
  };
  const { metadata } = written({ 'fc.weight': floats([2, 64]), 'up.W_q': floats([1]) }, before);
  expect(Object.fromEntries(metadata)).toEqual({
    format: 'pt',
    quantizer: 'nf4;bits=4;group=64',
    'shape.fc': '2x64',
    'decoded.fc': 'digest',
    'quantizer.up': 'hqq;bits=4;group=64;axis=1',
    'shape.up': '2x64',
    'decoded.up': 'of up',
    'quantizer.first': 'mlx;bits=4;group=64',
    'shape.first': '2x64',
    'decoded.first': 'of first',
  });
});

test('what no file of ours tells stays, whatever its name', () => {
  const { metadata } = written(
    { 'fc.weight': floats([2, 64]) },
    { 'shape.fc': 'x', 'group.a': 'b' },
  );
  expect(Object.fromEntries(metadata)).toMatchObject({ 'shape.fc': '2x64', 'group.a': 'b' });
  expect(metadata.has('quantizer.a')).toBe(false);
});

test('refuses a part with the name of another tensor', () => {
  expect(() => written({ 'fc.weight': floats([2, 64]), 'fc.weight.absmax': floats([1]) })).toThrow(
    /nf4 stores a part as fc\.weight\.absmax, which the file has already/,
  );
});
