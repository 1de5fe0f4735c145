import { expect, test } from 'vitest';
import { gridPlaceAfter } from './grid-keys.ts';

const after = (key: string, row: number, column: number) => {
  const place = gridPlaceAfter(key, { row, column }, 3, 4);
  return place && [place.row, place.column];
};

test.each([
  ['ArrowRight', 1, 2, [1, 3]],
  ['ArrowRight', 1, 3, [1, 3]],
  ['ArrowLeft', 1, 1, [1, 0]],
  ['ArrowLeft', 1, 0, [1, 0]],
  ['ArrowDown', 1, 2, [2, 2]],
  ['ArrowDown', 2, 2, [2, 2]],
  ['ArrowUp', 1, 2, [0, 2]],
  ['ArrowUp', 0, 2, [0, 2]],
  ['Home', 1, 2, [1, 0]],
  ['End', 1, 2, [1, 3]],
  ['PageUp', 2, 1, [0, 1]],
  ['PageDown', 0, 1, [2, 1]],
  ['Enter', 0, 1, undefined],
])('%s at row %i, column %i', (key, row, column, expected) => {
  expect(after(key, row, column)).toEqual(expected);
});
