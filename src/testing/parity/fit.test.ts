import { expect, test } from 'vitest';
import type { StoredDType, StoredTensor } from '../../formats/safetensors/stored.ts';
import type { TensorSpec } from '../../reference/record.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { fitAll, valuesOfStored } from './fit.ts';

const stored = (dtype: StoredDType, of: ArrayBufferView, count: number): StoredTensor => ({
  dtype,
  shape: [count],
  bytes: new Uint8Array(of.buffer),
});
const specs = (...dtypes: TensorSpec['dtypes']) => ({ x: { dtypes } as TensorSpec });
/** 1 and -2 in float16. */
const halves = stored('F16', Uint16Array.of(0x3c00, 0xc000), 2);
const thirds = stored('F64', Float64Array.of(1 / 3), 1);
const integers = stored('I32', Int32Array.of(-1, 7), 2);

test('a tensor is as it was recorded where our launcher takes that, or a half for float32', () => {
  expect(fitAll({ x: halves }, specs('f32'))).toEqual({ x: hostTensorFrom('f16', [2], [1, -2]) });
  expect(fitAll({ x: integers }, specs('f32', 'i32'))).toEqual({
    x: hostTensorFrom('i32', [2], [-1, 7]),
  });
});

test('else it becomes what our launcher takes first', () => {
  expect(fitAll({ x: integers }, specs('f32'))).toEqual({ x: hostTensorFrom('f32', [2], [-1, 7]) });
  expect(fitAll({ x: halves }, specs('i8'))).toEqual({ x: hostTensorFrom('i8', [2], [1, -2]) });
  expect(fitAll({ x: thirds }, specs('f32'))).toEqual({
    x: hostTensorFrom('f32', [1], [Math.fround(1 / 3)]),
  });
  expect(fitAll({ x: integers }, specs('u32'))).toEqual({
    x: hostTensorFrom('u32', [2], [2 ** 32 - 1, 7]),
  });
});

test('what no record knows is float32', () => {
  expect(fitAll({ y: thirds }, specs('i32'))).toEqual({
    y: hostTensorFrom('f32', [1], [Math.fround(1 / 3)]),
  });
});

test('the oracle has what was recorded, words of 32 bits without a sign', () => {
  const of = (data: readonly number[]) => Float64Array.from(data);
  const fitted = { ...fitAll({ x: integers }, specs('u32')), y: hostTensorFrom('f32', [1], [0]) };
  expect(valuesOfStored({ x: integers, y: thirds, z: integers }, fitted)).toEqual({
    x: { shape: [2], dtype: 'u32', data: of([2 ** 32 - 1, 7]) },
    y: { shape: [1], data: of([1 / 3]) },
    z: { shape: [2], data: of([-1, 7]) },
  });
});
