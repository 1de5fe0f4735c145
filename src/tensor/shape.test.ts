import { expect, test } from 'vitest';
import { coordinatesOf, formatShape, matrixOf, sameShape, sizeOf } from './shape.ts';

test('a shape has as many elements as its sizes say', () => {
  expect([[], [7], [2, 3, 4], [5, 0]].map(sizeOf)).toEqual([1, 7, 24, 0]);
  expect(formatShape([2, 3])).toBe('2x3');
});

test('a matrix product sees all but the last dimension as one', () => {
  expect([[2, 3, 4], [5], [1, 9], []].map(matrixOf)).toEqual([
    [6, 4],
    [1, 5],
    [1, 9],
    [1, 1],
  ]);
});

test('shapes are the same in every dimension or not at all', () => {
  expect(sameShape([2, 3], [2, 3])).toBe(true);
  expect([[2], [2, 3, 1], [3, 2], [2, 4]].map((other) => sameShape([2, 3], other))).toEqual([
    false,
    false,
    false,
    false,
  ]);
});

test('the last dimension of an index runs fastest', () => {
  expect([0, 1, 3, 4, 11, 23].map((index) => coordinatesOf(index, [2, 3, 4]))).toEqual([
    [0, 0, 0],
    [0, 0, 1],
    [0, 0, 3],
    [0, 1, 0],
    [0, 2, 3],
    [1, 2, 3],
  ]);
  expect(coordinatesOf(0, [])).toEqual([]);
});
