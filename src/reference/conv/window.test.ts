import { describe, expect, test } from 'vitest';
import { slid } from './window.ts';

/** Positions along a dimension of this size. */
const positions = (
  size: number,
  [before, after]: readonly [number, number],
  kernel: number,
  stride: number,
  ceil_mode: boolean,
): readonly number[] => [
  slid([1, 1, size, 1], {
    kernel: [kernel, 1],
    stride: [stride, 1],
    padding: [before, 0, after, 0],
    dilation: [1, 1],
    ceil_mode,
  })[0],
  slid([1, 1, 1, size], {
    kernel: [1, kernel],
    stride: [1, stride],
    padding: [0, before, 0, after],
    dilation: [1, 1],
    ceil_mode,
  })[1],
];

describe('a window that may leave the padding at its end', () => {
  test.each([
    // Starts 0 and 3; the second leaves it, and is the last element of x.
    [3, [1, 0], 2, 3, 2],
    // The second would start at the end of x.
    [2, [1, 0], 2, 3, 1],
    [2, [1, 1], 3, 3, 1],
    // A whole stride past the last that fits is too far.
    [5, [0, 0], 4, 1, 2],
    [5, [0, 0], 2, 2, 3],
    [5, [0, 2], 3, 3, 2],
  ] as const)('%i elements, padding %j, %i wide, by %i: %i', (size, padding, kernel, stride, n) => {
    expect(positions(size, padding, kernel, stride, true)).toEqual([n, n]);
  });

  test('does not where it must not', () => {
    expect(positions(3, [1, 0], 2, 3, false)).toEqual([1, 1]);
    expect(positions(5, [0, 0], 2, 2, false)).toEqual([2, 2]);
  });
});
