import { describe, expect, test } from 'vitest';
import { broadcastIndex, broadcastShape, sumTo } from './broadcast.ts';

test.each<readonly [a: readonly number[], b: readonly number[], both: readonly number[]]>([
  [
    [2, 3],
    [2, 3],
    [2, 3],
  ],
  [
    [5, 1, 7],
    [3, 1],
    [5, 3, 7],
  ],
  [
    [3, 1],
    [5, 1, 7],
    [5, 3, 7],
  ],
  [[], [2], [2]],
  [[2, 2], [], [2, 2]],
  [[1], [2, 1, 0], [2, 1, 0]],
  [[0, 4], [1], [0, 4]],
])('%j beside %j is %j', (a, b, both) => {
  expect(broadcastShape(a, b)).toEqual(both);
});

test('an element stands where its dimensions of 1 are passed over', () => {
  const target = [2, 3, 2];
  const places = (source: readonly number[]) =>
    Array.from({ length: 12 }, (_, i) => broadcastIndex(i, target, source));
  expect(places([2, 3, 2])).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(places([3, 1])).toEqual([0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
  expect(places([2, 1, 2])).toEqual([0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3]);
  expect(places([])).toEqual(new Array(12).fill(0));
});

describe('a sum', () => {
  const value = { shape: [2, 3], data: Float64Array.of(1, 2, 4, 8, 16, 32) };
  test.each<readonly [shape: readonly number[], sums: readonly number[]]>([
    [[3], [9, 18, 36]],
    [
      [2, 1],
      [7, 56],
    ],
    [[1, 1], [63]],
    [[], [63]],
    [
      [2, 3],
      [1, 2, 4, 8, 16, 32],
    ],
  ])('down to %j is %j', (shape, sums) => {
    expect(sumTo(value, shape)).toEqual({ shape, data: Float64Array.from(sums) });
  });
});
