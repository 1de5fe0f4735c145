import { expect, test } from 'vitest';
import type { DType } from './dtype.ts';
import { bytesPerElement, isHalf } from './dtype.ts';
import { hostTensor, hostTensorFrom, hostTensorFromBytes, valuesOf } from './host.ts';

test.each<[DType, number, readonly number[], readonly number[]]>([
  ['f32', 4, [1.5, -2, 0.1], [1.5, -2, Math.fround(0.1)]],
  ['f16', 2, [1.5, -2, 0.1], [1.5, -2, 0.0999755859375]],
  ['bf16', 2, [1.5, -2, 0.1], [1.5, -2, 0.10009765625]],
  ['i32', 4, [1.5, -2, 3], [1, -2, 3]],
  ['u32', 4, [1, -2, 3], [1, 4294967294, 3]],
  ['i8', 1, [1, -2, 130], [1, -2, -126]],
  ['u8', 1, [1, -2, 130], [1, 254, 130]],
])('%s has %i bytes an element, and rounds %j to %j', (dtype, bytes, values, held) => {
  const host = hostTensorFrom(dtype, [values.length], values);
  expect([bytesPerElement(dtype), host.data.byteLength]).toEqual([bytes, 3 * bytes]);
  expect([...valuesOf(host)]).toEqual(held);
  expect(isHalf(dtype)).toBe(dtype.endsWith('f16'));
});

test('halves are kept as their bits', () => {
  expect([...hostTensorFrom('f16', [2], [1, -2]).data]).toEqual([0x3c00, 0xc000]);
  expect([...hostTensorFrom('bf16', [2], [1, -2]).data]).toEqual([0x3f80, 0xc000]);
});

test('bytes are read from the first on, and what is behind the last element is not', () => {
  const bytes = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8).buffer;
  expect(hostTensorFromBytes('u8', [3], bytes).data).toEqual(Uint8Array.of(1, 2, 3));
  expect(hostTensorFromBytes('u32', [1], bytes).data).toEqual(Uint32Array.of(0x04030201));
});

test('data that do not fill their shape are refused', () => {
  expect(() => hostTensor('f32', [2, 3], new Float32Array(5))).toThrow(
    '5 elements do not fill shape 2x3',
  );
  expect(hostTensor('f32', [2, 3], new Float32Array(6)).shape).toEqual([2, 3]);
});
