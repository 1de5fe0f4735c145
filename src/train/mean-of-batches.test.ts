import { expect, test } from 'vitest';
import { meanOfBatches } from './mean-of-batches.ts';

test('a batch weighs by its labels', () => {
  expect(meanOfBatches([{ mean: 3, asked: 4 }])).toBe(3);
  expect(
    meanOfBatches([
      { mean: 1, asked: 512 },
      { mean: 2, asked: 512 },
      { mean: 65, asked: 16 },
    ]),
  ).toBe((512 * 1 + 512 * 2 + 16 * 65) / 1040);
});

test('a batch without labels counts for nothing, and nothing has no mean', () => {
  const none = { mean: Number.NaN, asked: 0 };
  expect(meanOfBatches([none, { mean: 3, asked: 4 }, none])).toBe(3);
  expect(meanOfBatches([none])).toBeNaN();
});
