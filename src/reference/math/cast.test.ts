import { expect, test } from 'vitest';
import type { DType } from '../../tensor/dtype.ts';
import { record } from './cast.ts';

type Target = Parameters<typeof record.forward>[1]['to'];

/** Which of some numbers are right of one that is cast. */
function right(x: number, to: Target, candidates: readonly number[], dtype: DType = 'f32') {
  const inputs = { x: { shape: [1], dtype, data: Float64Array.of(x) } };
  const arithmetic = { depth: (terms: number) => terms, ieee: true };
  const { y } = record.acceptance(inputs, record.forward(inputs, { to }), { to }, arithmetic);
  if (y?.kind !== 'codes') throw new RangeError('no codes');
  return { right: candidates.filter((each) => y.accepts(0, each)), inBand: y.inBand };
}

const BYTES = Array.from({ length: 384 }, (_, i) => i - 128);

test.each<readonly [number, Target, readonly number[]]>([
  [1.9, 'int8', [1]],
  [-1.9, 'int8', [-1]],
  [127.5, 'int8', [127]],
  // The nearest end, what is left of the bits, and of -2^31.
  [200, 'int8', [-56, 0, 127]],
  [-129, 'int8', [-128, 0, 127]],
  [-1.5, 'uint8', [0, 255]],
  [300, 'uint8', [0, 44, 255]],
  [Infinity, 'int8', [-128, 0, 127]],
  [Number.NaN, 'int8', [-128, 0, 127]],
])('of the float %d as %s several integers may be right', (x, to, integers) => {
  expect(right(x, to, BYTES)).toEqual({ right: integers, inBand: Number(integers.length > 1) });
});

test('a float beyond 32 bits may be its end, its last bits or -2^31', () => {
  const last = 3e9 - 2 ** 32;
  const candidates = [2 ** 31 - 1, -(2 ** 31), last, 0];
  expect(right(3e9, 'int32', candidates).right).toEqual([2 ** 31 - 1, -(2 ** 31), last]);
});

test('an integer of more than 24 bits becomes either float beside it', () => {
  const near = [-1, 0, 1, 2, 3].map((off) => 2 ** 24 + off);
  expect(right(2 ** 24 + 1, 'float32', near, 'i32')).toEqual({
    right: [2 ** 24, 2 ** 24 + 2],
    inBand: 1,
  });
  expect(right(2 ** 24 - 1, 'float32', near, 'i32')).toEqual({ right: [2 ** 24 - 1], inBand: 0 });
  expect(right(0, 'float32', [-1, 0, 1, Number.NaN], 'i32')).toEqual({ right: [0], inBand: 0 });
});

test('an integer keeps the last bits, and no number is only that', () => {
  expect(right(300, 'int8', BYTES, 'i32').right).toEqual([44]);
  expect(right(-300, 'uint8', BYTES, 'i32').right).toEqual([212]);
  expect(right(-257, 'int8', BYTES, 'i32').right).toEqual([-1]);
  expect(right(383, 'int8', BYTES, 'i32').right).toEqual([127]);
  expect(right(384, 'int8', BYTES, 'i32').right).toEqual([-128]);
  expect(right(511, 'uint8', BYTES, 'i32').right).toEqual([255]);
  expect(right(Number.NaN, 'float32', [0, 1, Number.NaN]).right).toEqual([Number.NaN]);
  expect(right(1, 'float32', [0, 1, Number.NaN]).right).toEqual([1]);
});
