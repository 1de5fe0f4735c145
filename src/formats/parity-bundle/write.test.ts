import { expect, test } from 'vitest';
import { hostTensor, hostTensorFrom } from '../../tensor/host.ts';
import { FormatError } from '../format-error.ts';
import { readParityBundle } from '../parity-bundle.ts';
import { float64Of } from '../safetensors/stored.ts';
import { type BundleContent, writeParityBundle } from './write.ts';

const COMMON = {
  producer: 'gradproof float64 oracle',
  device: 'cpu',
  note: 'alone',
  gradsIn: {},
  gradsOut: {},
};
const x = hostTensorFrom('f32', [1, 3], [1, -2, 0.5]);

test('what is written reads back, with gradients under their own names', () => {
  const content: BundleContent = {
    ...COMMON,
    op: 'silu',
    params: {},
    inputs: { x },
    outputs: {},
    gradsIn: { y: x },
    gradsOut: { x },
  };
  const { op, producer, device, note, tensors } = readParityBundle(writeParityBundle(content));
  expect({ op, producer, device, note }).toEqual({
    op: 'silu',
    producer: COMMON.producer,
    device: 'cpu',
    note: 'alone',
  });
  expect(float64Of(tensors.inputs['x'] as never)).toEqual(Float64Array.of(1, -2, 0.5));
  expect([
    Object.keys(tensors.outputs),
    Object.keys(tensors.gradsIn),
    Object.keys(tensors.gradsOut),
  ]).toEqual([[], ['y'], ['x']]);
});

test('parameters that only say how to launch are left out', () => {
  const labels = hostTensorFrom('i32', [1], [2]);
  const loss = hostTensorFrom('f32', [1], [1]);
  const params = { reduction: 'mean', log_probs: false };
  const file = writeParityBundle({
    ...COMMON,
    op: 'cross_entropy',
    params,
    inputs: { logits: x, labels },
    outputs: { loss },
  });
  expect(readParityBundle(file).params).toMatchObject({ reduction: 'mean' });
  expect(readParityBundle(file).params).not.toHaveProperty('log_probs');
});

test('what is cast to float64 is stored in it, though tensors have float32 alone', () => {
  const cast = (to: string, y = x) =>
    readParityBundle(
      writeParityBundle({ ...COMMON, op: 'cast', params: { to }, inputs: { x }, outputs: { y } }),
    ).tensors.outputs['y'];
  expect([cast('float64')?.dtype, float64Of(cast('float64') as never)]).toEqual([
    'F64',
    Float64Array.of(1, -2, 0.5),
  ]);
  expect(cast('float32')?.dtype).toBe('F32');
});

test.each([-1 / 0, 1 / 0, NaN, -1e9])('a parameter of %d reads back', (value) => {
  const mask = hostTensorFrom('u8', [3], [1, 0, 1]);
  const content = { op: 'masked_fill', params: { value }, inputs: { x, mask }, outputs: { y: x } };
  expect(readParityBundle(writeParityBundle({ ...COMMON, ...content })).params).toEqual({ value });
});

test('words of 32 bits are stored as the bits of signed ones', () => {
  // A part of a larger array.
  const data = Uint32Array.of(5, 0xffff_ffff, 7, 9).subarray(1, 3);
  const words = hostTensor('u32', [2], data);
  const file = writeParityBundle({
    ...COMMON,
    op: 'silu',
    params: {},
    inputs: { x: words },
    outputs: {},
  });
  expect(new TextDecoder().decode(file)).toContain('"in.x":{"dtype":"I32","shape":[2],');
  expect([...file.subarray(-8)]).toEqual([255, 255, 255, 255, 7, 0, 0, 0]);
});

test('an op that is not in the vocabulary is refused', () => {
  expect(() =>
    writeParityBundle({ ...COMMON, op: 'adamw_step', params: {}, inputs: {}, outputs: {} }),
  ).toThrow(FormatError);
});

test('only the 8-bit AdamW may decay its weights after the step', () => {
  const grads = hostTensorFrom('f32', [1, 1, 3], [1, 1, 1]);
  const written = (optimizer: string) => {
    const params = { optimizer, decay_after_step: true };
    return writeParityBundle({
      ...COMMON,
      op: 'optimizer_steps',
      params,
      inputs: { param: x, grads },
      outputs: { trajectory: grads },
    });
  };
  expect(readParityBundle(written('adamw8bit')).params).toMatchObject({ decay_after_step: true });
  expect(() => readParityBundle(written('adamw'))).toThrow(FormatError);
});
