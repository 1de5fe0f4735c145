import { expect, test } from 'vitest';
import { paddedOf } from './padding.ts';

test('tensors that do not end on a whole word are listed with what they take', () => {
  const tensors = new Map([
    ['weight', { bytes: 70 }],
    ['bias', { bytes: 20 }],
    ['one', { bytes: 2 }],
  ]);
  expect(paddedOf(tensors)).toEqual([
    { name: 'weight', bytes: 70, held: 72 },
    { name: 'one', bytes: 2, held: 4 },
  ]);
});
