import { describe, expect, test } from 'vitest';
import {
  axisFields,
  axisOf,
  broadcastShapes,
  denseStrides,
  repeatedStrides,
  walk,
} from './axes.ts';

test('neighbours of a dense tensor are as far apart as what is inside of their axis', () => {
  expect(denseStrides([2, 3, 5])).toEqual([15, 5, 1]);
  expect(denseStrides([7])).toEqual([1]);
  expect(denseStrides([])).toEqual([]);
});

describe('a tensor that repeats', () => {
  test.each([
    [
      [3, 5],
      [2, 3, 5],
      [0, 5, 1],
    ],
    [
      [2, 1, 5],
      [2, 3, 5],
      [5, 0, 1],
    ],
    [[1], [2, 3], [0, 0]],
    [[], [4], [0]],
    [
      [1, 3, 1],
      [2, 3, 5],
      [0, 1, 0],
    ],
    [
      [2, 3],
      [2, 3],
      [3, 1],
    ],
  ])('of %j to fill %j has strides %j', (from, to, strides) => {
    expect(repeatedStrides('add', from, to)).toEqual(strides);
  });

  test.each([
    [[2, 3], [3], 'add: 2x3 does not broadcast to 3'],
    [[2], [2, 3], 'add: 2 does not broadcast to 2x3'],
    [[1, 2, 3], [2, 3], 'add: 1x2x3 does not broadcast to 2x3'],
  ])('of %j does not fill %j', (from, to, message) => {
    expect(() => repeatedStrides('add', from, to)).toThrow(message);
  });
});

describe('two shapes', () => {
  test.each([
    [
      [2, 3],
      [2, 3],
      [2, 3],
    ],
    [[3], [2, 3], [2, 3]],
    [[2, 3], [3], [2, 3]],
    [
      [2, 1],
      [1, 3],
      [2, 3],
    ],
    [
      [1, 0],
      [4, 1],
      [4, 0],
    ],
    [[], [2], [2]],
  ])('of %j and %j broadcast to %j', (a, b, shape) => {
    expect(broadcastShapes('add', a, b)).toEqual(shape);
  });

  test.each([
    [
      [2, 3],
      [2, 4],
    ],
    [[2], [3]],
    [
      [2, 3],
      [3, 3],
    ],
  ])('of %j and %j do not', (a, b) => {
    expect(() => broadcastShapes('add', a, b)).toThrow(
      `add: ${a.join('x')} and ${b.join('x')} do not broadcast`,
    );
  });
});

describe('a walk', () => {
  test.each([
    ['of one dense tensor has one axis', [2, 3, 5], [[15, 5, 1]], [[30, [1]]]],
    [
      'merges what one stride serves in every operand',
      [2, 3, 5],
      [
        [15, 5, 1],
        [0, 0, 0],
      ],
      [[30, [1, 0]]],
    ],
    [
      'keeps apart what only one operand could merge',
      [2, 3, 5],
      [
        [15, 5, 1],
        [0, 5, 1],
      ],
      [
        [15, [1, 1]],
        [2, [15, 0]],
      ],
    ],
    [
      'goes innermost first',
      [2, 3],
      [[1, 2]],
      [
        [3, [2]],
        [2, [1]],
      ],
    ],
    ['leaves axes of one element out', [1, 3, 1, 5, 1], [[9, 5, 9, 1, 9]], [[15, [1]]]],
    ['of one element has none', [1, 1], [[0, 0]], []],
  ] as const)('%s', (_, shape, strides, axes) => {
    expect(walk(shape, strides)).toEqual(axes.map(([size, of]) => ({ size, strides: of })));
  });

  test('is eight axes of a size and three strides for a kernel', () => {
    const fields = axisFields('sum', [
      { size: 5, strides: [1, 2] },
      { size: 3, strides: [7, 8, 9] },
    ]);
    const end = [0xffffffff, 0, 0, 0];
    expect(fields.map(({ value }) => value)).toEqual([
      ...[5, 1, 2, 0],
      ...[3, 7, 8, 9],
      ...[end, end, end, end, end, end].flat(),
    ]);
    expect(new Set(fields.map(({ kind }) => kind))).toEqual(new Set(['u32']));
  });

  test('of more than eight axes is refused', () => {
    const axes = (count: number) => Array(count).fill({ size: 2, strides: [1] });
    expect(axisFields('sum', axes(8))).toHaveLength(32);
    expect(() => axisFields('sum', axes(9))).toThrow(
      'sum: 9 separate dimensions; at most 8 are walked',
    );
  });
});

test('axes are counted from the front, negative ones from behind', () => {
  expect([0, 1, 2, -1, -3].map((axis) => axisOf('sum', axis, [4, 5, 6]))).toEqual([0, 1, 2, 2, 0]);
  for (const axis of [3, -4, 0.5, Number.NaN])
    expect(() => axisOf('sum', axis, [4, 5, 6])).toThrow(
      `sum: a tensor of 4x5x6 has no axis ${axis}`,
    );
});
