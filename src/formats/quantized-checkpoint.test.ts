import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decoded } from '../quant/weight.ts';
import { FormatError } from './format-error.ts';
import {
  type CheckpointWeight,
  quantizedTensors,
  readQuantized,
  withScales,
} from './quantized-checkpoint.ts';
import { float64Of, type StoredTensor } from './safetensors/stored.ts';
import { writeStored } from './safetensors/write.ts';
import { readSafetensors } from './safetensors.ts';

/** Checkpoints that bitsandbytes 0.50.2 wrote, each with what it decodes to. */
const FIXTURES = ['bitsandbytes-nf4-compressed', 'bitsandbytes-fp4-plain'];
const NAME = 'layer.weight';

function fixture(name: string): Map<string, StoredTensor> {
  return new Map(
    readSafetensors(
      new Uint8Array(readFileSync(new URL(`fixtures/${name}.safetensors`, import.meta.url))),
    ).tensors,
  );
}

test.each(FIXTURES)('%s decodes as bitsandbytes decodes it', (name) => {
  const tensors = fixture(name);
  const weight = withScales(readQuantized(tensors).get(NAME) as CheckpointWeight);
  expect(decoded(weight, (value, scale) => Math.fround(value * scale))).toEqual(
    float64Of(tensors.get('decoded') as StoredTensor),
  );
});

test.each(FIXTURES)('%s is written with the tensors that bitsandbytes wrote', (name) => {
  const theirs = fixture(name);
  theirs.delete('decoded');
  const ours = readSafetensors(writeStored(quantizedTensors(readQuantized(theirs)), {})).tensors;
  expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
  expect(readQuantized(ours)).toEqual(readQuantized(theirs));
  for (const [key, { dtype, shape, bytes }] of theirs) {
    if (!key.includes('.quant_state.')) expect(ours.get(key), key).toEqual({ dtype, shape, bytes });
  }
});

test('a checkpoint without quantized weights has none', () => {
  expect(
    readQuantized(new Map([[NAME, { dtype: 'U8', shape: [1], bytes: Uint8Array.of(1) }]])),
  ).toEqual(new Map());
});

test.each(['', '.absmax', '.quant_map', '.nested_absmax', '.nested_quant_map'])(
  'a checkpoint that lacks %s is refused in one line',
  (part) => {
    const tensors = fixture('bitsandbytes-nf4-compressed');
    tensors.delete(NAME + part);
    expect(() => readQuantized(tensors)).toThrow(FormatError);
    expect(() => readQuantized(tensors)).toThrow(`lacks "${NAME}${part}"`);
  },
);

const STATE = `${NAME}.quant_state.bitsandbytes__nf4`;
const GOOD = {
  quant_type: 'nf4',
  blocksize: 64,
  dtype: 'float32',
  shape: [8, 64],
  nested_blocksize: 256,
  nested_offset: 0.25,
};

test.each([
  ['no JSON', '{', 'not JSON'],
  ['a shape of text', { ...GOOD, shape: ['8', 64] }, 'has no shape'],
  ['a negative size', { ...GOOD, shape: [-8, 64] }, 'has no shape'],
  ['another shape', { ...GOOD, shape: [8, 65] }, 'its shape needs'],
  ['a block of nothing', { ...GOOD, blocksize: 0 }, 'blocksize is no positive integer'],
  ['another block size', { ...GOOD, blocksize: 32 }, 'its shape needs'],
  [
    'a nested block of a half',
    { ...GOOD, nested_blocksize: 0.5 },
    'nested_blocksize is no positive integer',
  ],
])('a state with %s is refused in one line', (_, state, said) => {
  const bytes = new TextEncoder().encode(typeof state === 'string' ? state : JSON.stringify(state));
  const tensors = fixture('bitsandbytes-nf4-compressed').set(STATE, {
    dtype: 'U8',
    shape: [bytes.length],
    bytes,
  });
  expect(() => readQuantized(tensors)).toThrow(said);
});

test('a table of other values is refused', () => {
  const table: StoredTensor = { dtype: 'F32', shape: [16], bytes: new Uint8Array(64) };
  expect(() =>
    readQuantized(fixture('bitsandbytes-nf4-compressed').set(`${NAME}.quant_map`, table)),
  ).toThrow('not the table');
});
