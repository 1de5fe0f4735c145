import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { blockFormatOf } from '../quant/registry.ts';
import { decoded } from '../quant/weight.ts';
import { hostTensor } from '../tensor/host.ts';
import { FormatError } from './format-error.ts';
import {
  type CheckpointWeight,
  fourBitScheme,
  quantizedTensors,
  readQuantized,
  withScales,
} from './quantized-checkpoint.ts';
import { float64Of, type StoredTensor } from './safetensors/stored.ts';
import { writeStored } from './safetensors/write.ts';
import { readSafetensors } from './safetensors.ts';

/** Checkpoints that bitsandbytes 0.50.2 wrote, each with what it decodes to. */
const FIXTURES = ['bitsandbytes-nf4-compressed', 'bitsandbytes-fp4-plain'];
const COMPRESSED = 'bitsandbytes-nf4-compressed';
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
  ['a shape that is a number', { ...GOOD, shape: 512 }, 'has no shape'],
  ['no elements', { ...GOOD, shape: [0, 64] }, 'has no shape'],
  ['a negative size', { ...GOOD, shape: [-8, 64] }, 'has no shape'],
  ['another shape', { ...GOOD, shape: [8, 65] }, 'its shape needs'],
  ['a block of nothing', { ...GOOD, blocksize: 0 }, 'blocksize is no positive integer'],
  ['a block of one', { ...GOOD, blocksize: 1 }, 'its shape needs 256 and 512'],
  ['more nested blocks', { ...GOOD, nested_blocksize: 4 }, 'its compressed scales do not fit'],
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

/** The state of the fixture with something else in it. */
const withState = (state: object) => {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  return fixture(COMPRESSED).set(STATE, { dtype: 'U8', shape: [bytes.length], bytes });
};

test('the state says the shape of a weight and the type that it had', () => {
  const { dtype: _, ...untyped } = GOOD;
  expect(readQuantized(withState({ ...untyped, shape: [1, 512] })).get(NAME)).toMatchObject({
    shape: [1, 512],
    dtype: 'float32',
  });
  expect(readQuantized(withState({ ...GOOD, dtype: 'bfloat16' })).get(NAME)?.dtype).toBe(
    'bfloat16',
  );
});

test.each(['quant_map', 'nested_quant_map'])('a %s of other values is refused', (name) => {
  const tensors = fixture(COMPRESSED);
  const { dtype, shape, bytes } = tensors.get(`${NAME}.${name}`) as StoredTensor;
  const said = `"${NAME}": ${name} is not the table that bitsandbytes has`;
  const others: StoredTensor = { dtype, shape, bytes: new Uint8Array(bytes.length) };
  expect(() => readQuantized(new Map(tensors).set(`${NAME}.${name}`, others))).toThrow(said);
  // One value is the next float32.
  const near: StoredTensor = { dtype, shape, bytes: bytes.slice() };
  near.bytes[0] = (near.bytes[0] as number) ^ 1;
  expect(() => readQuantized(new Map(tensors).set(`${NAME}.${name}`, near))).toThrow(said);
  const fewer: StoredTensor = { dtype, shape: [8], bytes: bytes.slice(0, 32) };
  expect(() => readQuantized(new Map(tensors).set(`${NAME}.${name}`, fewer))).toThrow(said);
});

test('compressed scales are bytes', () => {
  const floats: StoredTensor = { dtype: 'F32', shape: [8], bytes: new Uint8Array(32) };
  const tensors = fixture(COMPRESSED).set(`${NAME}.absmax`, floats);
  expect(() => readQuantized(tensors)).toThrow('its compressed scales do not fit');
});

test('a quantization that is not known is refused', () => {
  const name = `${NAME}.quant_state.bitsandbytes__nf5`;
  const tensors = new Map([[name, { dtype: 'U8', shape: [1], bytes: Uint8Array.of(1) } as const]]);
  expect(() => readQuantized(tensors)).toThrow(
    '"layer.weight": the quantization "nf5" is not known',
  );
});

/** Five elements in one block that is not full. */
const SMALL: CheckpointWeight = {
  format: blockFormatOf('nf4'),
  blocksize: 64,
  shape: [1, 5],
  dtype: 'float16',
  parts: {
    packed: hostTensor('u8', [3, 1], Uint8Array.of(0x12, 0x34, 0x50)),
    absmax: hostTensor('f32', [1], Float32Array.of(2)),
  },
};

test('a weight of an odd number of elements is written part by part, and comes back', () => {
  const tensors = quantizedTensors(new Map([['w', SMALL]]));
  const state = 'w.quant_state.bitsandbytes__nf4';
  expect([...tensors.keys()]).toEqual(['w', 'w.quant_map', 'w.absmax', state]);
  expect(readQuantized(tensors)).toEqual(new Map([['w', SMALL]]));
  expect(withScales(SMALL)).toBe(SMALL);
});

test('the parts of a weight with compressed scales follow one another', () => {
  const tensors = quantizedTensors(readQuantized(fixture(COMPRESSED)));
  expect([...tensors.keys()].map((name) => name.slice(NAME.length))).toEqual([
    '',
    '.quant_map',
    '.absmax',
    '.nested_absmax',
    '.nested_quant_map',
    '.quant_state.bitsandbytes__nf4',
  ]);
});

test('the mean of compressed scales is written as it is read, in float32', () => {
  const [weight] = readQuantized(fixture(COMPRESSED)).values();
  const { nested, ...rest } = weight as CheckpointWeight;
  const exact = { ...rest, nested: { ...nested, offset: 0.1 } } as CheckpointWeight;
  const tensors = quantizedTensors(new Map([[NAME, exact]]));
  const state = tensors.get(`${NAME}.quant_state.bitsandbytes__nf4`);
  const { nested_offset } = JSON.parse(new TextDecoder().decode(state?.bytes));
  expect(nested_offset).toBe(Math.fround(0.1));
});

test('a weight without its scales is not written', () => {
  const { packed } = SMALL.parts;
  const broken = { ...SMALL, parts: { packed } } as unknown as CheckpointWeight;
  expect(() => quantizedTensors(new Map([['w', broken]]))).toThrow('lacks absmax');
});

test('shapes of its tensors say how a weight is in 4 bits', () => {
  const shapes = (scales: number, more: Readonly<Record<string, readonly number[]>> = {}) =>
    new Map(
      Object.entries({
        ...{ w: [2048, 1], 'w.absmax': [scales], 'w.quant_state.bitsandbytes__fp4': [90] },
        ...more,
      }),
    );
  const known = { method: 'fp4', bits: 4 };
  expect(fourBitScheme('w', 4096, shapes(64))).toEqual({ ...known, groupSize: 64 });
  expect(fourBitScheme('w', 4096, shapes(8))).toEqual({ ...known, groupSize: 512 });
  expect(fourBitScheme('w', 4096, shapes(7))).toEqual(known);
  expect(fourBitScheme('w', 4096, shapes(128, { 'w.nested_absmax': [1] }))).toEqual({
    ...{ ...known, groupSize: 32, quantScale: true },
  });
});
