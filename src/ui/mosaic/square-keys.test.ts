import { expect, test } from 'vitest';
import { squareAfter } from './square-keys.ts';

/** Three families in rows of four: two rows and a half, one row, a single square. */
const SIZES = [10, 4, 1];
const after = (key: string, family: number, index: number) => {
  const place = squareAfter(key, { family, index }, SIZES, 4);
  return place && [place.family, place.index];
};

test.each([
  ['ArrowRight', [0, 3], [0, 4]],
  ['ArrowRight', [0, 9], [1, 0]],
  ['ArrowRight', [2, 0], [2, 0]],
  ['ArrowLeft', [1, 0], [0, 9]],
  ['ArrowLeft', [0, 0], [0, 0]],
  ['ArrowDown', [0, 1], [0, 5]],
  ['ArrowDown', [0, 7], [0, 9]],
  ['ArrowDown', [0, 9], [1, 1]],
  ['ArrowDown', [1, 3], [2, 0]],
  ['ArrowDown', [2, 0], [2, 0]],
  ['ArrowUp', [0, 9], [0, 5]],
  ['ArrowUp', [1, 0], [0, 8]],
  ['ArrowUp', [1, 3], [0, 9]],
  ['ArrowUp', [0, 2], [0, 2]],
  ['Home', [0, 7], [0, 0]],
  ['End', [0, 7], [0, 9]],
  ['PageDown', [0, 7], [1, 0]],
  ['PageDown', [2, 0], [2, 0]],
  ['PageUp', [1, 3], [1, 0]],
  ['PageUp', [1, 0], [0, 0]],
] as const)('%s leads from %j to %j', (key, [family, index], to) => {
  expect(after(key, family, index)).toEqual(to);
});

test('other keys lead nowhere', () => {
  expect(after('a', 0, 0)).toBeUndefined();
});
