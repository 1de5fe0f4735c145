import { expect, test } from 'vitest';
import type { Shape } from '../tensor/shape.ts';
import { SignatureError } from './error.ts';
import {
  axisIn,
  blocks,
  broadcast,
  broadcastsTo,
  channelShape,
  exactly,
  matmulShape,
  reduced,
  slid,
} from './shapes.ts';

test.each([
  [0, [2, 3], 0],
  [1, [2, 3], 1],
  [-1, [2, 3], 1],
  [-2, [2, 3], 0],
])('axis %d of %j is %d', (axis, shape, from) => {
  expect(axisIn(axis, shape)).toBe(from);
});

test.each([
  [2, [2, 3]],
  [-3, [2, 3]],
  [0, []],
  [-1, []],
])('there is no axis %d in %j', (axis, shape) => {
  expect(() => axisIn(axis, shape)).toThrow(SignatureError);
});

test.each<[Shape, Shape, Shape]>([
  [[2, 3], [3], [2, 3]],
  [[3], [2, 3], [2, 3]],
  [
    [2, 1],
    [1, 3],
    [2, 3],
  ],
  [[], [4, 5], [4, 5]],
  [
    [5, 1, 7],
    [6, 1],
    [5, 6, 7],
  ],
])('%j and %j broadcast to %j', (a, b, both) => {
  expect(broadcast(a, b)).toEqual(both);
});

test('shapes that do not broadcast are refused, and so is what would be widened', () => {
  expect(() => broadcast([2, 3], [2])).toThrow('do not broadcast');
  expect(() => broadcast([3, 2], [2, 2])).toThrow(SignatureError);
  expect(broadcastsTo([1, 3], [2, 3])).toEqual([1, 3]);
  expect(() => broadcastsTo([2, 3], [1, 3])).toThrow('does not broadcast to');
});

test('blocks are counted with the last partial one, channels by the first dimension', () => {
  expect([blocks(64, 64), blocks(65, 64), blocks(63, 64)]).toEqual([1, 2, 1]);
  expect([channelShape([5, 2]), channelShape([])]).toEqual([[5], [1]]);
  expect(exactly(12, 4, 'the width')).toBe(3);
  expect(() => exactly(13, 4, 'the width')).toThrow('the width 13 is not a multiple of 4');
});

test.each<[Shape, Shape, boolean, boolean, Shape]>([
  [[2, 3], [3, 4], false, false, [2, 4]],
  [[3, 2], [3, 4], true, false, [2, 4]],
  [[2, 3], [4, 3], false, true, [2, 4]],
  [[3, 2], [4, 3], true, true, [2, 4]],
  [[3], [3, 4], false, false, [4]],
  [[2, 3], [3], false, false, [2]],
  [[3], [3], false, false, [1]],
  [[5, 1, 2, 3], [6, 3, 4], false, false, [5, 6, 2, 4]],
])('%j times %j, transposed %o and %o, is %j', (a, b, transposeA, transposeB, y) => {
  expect(matmulShape(a, b, transposeA, transposeB)).toEqual(y);
});

test('what cannot be multiplied is refused', () => {
  expect(() => matmulShape([2, 3], [4, 3], false, false)).toThrow('the inner dimensions');
  expect(() => matmulShape([3], [2, 4], false, false)).toThrow('the inner dimensions');
  expect(() => matmulShape([3], [3, 4], true, false)).toThrow('a 1-D operand has no transpose');
  expect(() => matmulShape([2, 3], [3], false, true)).toThrow('a 1-D operand has no transpose');
});

test.each<[readonly number[], boolean, Shape]>([
  [[1], false, [2, 4]],
  [[1], true, [2, 1, 4]],
  [[0, -1], false, [3]],
  [[0, 1, 2], false, [1]],
  [[0, 1, 2], true, [1, 1, 1]],
  [[], false, [2, 3, 4]],
])('[2, 3, 4] over axes %j, kept %o, is %j', (axes, keepdims, y) => {
  expect(reduced([2, 3, 4], axes, keepdims)).toEqual(y);
});

test('an axis that is named twice is refused', () => {
  expect(() => reduced([2, 3], [1, -1], false)).toThrow('an axis of [1, -1] is named twice');
});

const WINDOW = {
  kernel: [3, 2],
  stride: [1, 1],
  padding: [0, 0, 0, 0],
  dilation: [1, 1],
} as const;

test.each([
  [{}, [5, 6]],
  [{ stride: [2, 3] }, [3, 2]],
  [{ padding: [1, 0, 1, 1] }, [7, 7]],
  [{ dilation: [2, 3] }, [3, 4]],
  [{ stride: [3, 4] }, [2, 2]],
  // A third window would start at 6 in height, within the input, and at 8 in width, past it.
  [{ stride: [3, 4], ceilMode: true }, [3, 2]],
  [{ kernel: [7, 7] }, [1, 1]],
  [{ kernel: [1, 1], stride: [4, 8], ceilMode: true }, [2, 1]],
] as const)('a window of %o slides over 7 x 7 to %j', (more, y) => {
  expect(slid([7, 7], { ...WINDOW, ...more })).toEqual(y);
});

test('a window that does not fit is refused', () => {
  expect(() => slid([2, 7], WINDOW)).toThrow('a window of 3 does not fit into 2');
  expect(() => slid([7, 7], { ...WINDOW, dilation: [1, 7] })).toThrow(SignatureError);
});
