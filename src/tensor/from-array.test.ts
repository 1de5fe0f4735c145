import { expect, test } from 'vitest';
import { fromArray } from './from-array.ts';

test.each([
  ['f32', Float32Array.of(1, 2)],
  ['i32', Int32Array.of(1, 2)],
  ['u32', Uint32Array.of(1, 2)],
  ['i8', Int8Array.of(1, 2)],
  ['u8', Uint8Array.of(1, 2)],
] as const)('%s is what %s holds', (dtype, data) => {
  expect(fromArray(data, [2])).toEqual({ dtype, shape: [2], data });
  expect(fromArray(data, [2]).data).toBe(data);
});

test.each([
  ['Float64Array', new Float64Array(2)],
  ['Array', [1, 2]],
  ['Uint16Array', new Uint16Array(2)],
  ['Undefined', undefined],
])('%s is refused, with what is taken', (name, data) => {
  expect(() => fromArray(data, [2])).toThrow(
    `a tensor cannot be made of ${name}: give one of Float32Array, Int32Array, Uint32Array, Int8Array, Uint8Array`,
  );
});
