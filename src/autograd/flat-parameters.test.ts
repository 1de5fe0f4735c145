import { expect, test } from 'vitest';
import { flatLayout } from './flat-parameters.ts';

test('parameters follow each other at multiples of 64 floats', () => {
  const { entries, length } = flatLayout(
    new Map([
      ['a', [3, 5]],
      ['b', [8, 8]],
      ['c', [65]],
      ['d', [1]],
    ]),
  );
  expect([...entries].map(([name, { offset }]) => [name, offset])).toEqual([
    ['a', 0],
    ['b', 64],
    ['c', 128],
    ['d', 256],
  ]);
  expect(length).toBe(320);
});
