import { expect, test } from 'vitest';
import { worthOfRecordings, worthWords } from './worth.ts';

test('planted and noticed errors are counted by format', () => {
  const worth = worthOfRecordings([
    { metrics: { 'planted.F32': 1, 'noticed.F32': 1 } },
    { metrics: { 'planted.BF16': 1, 'noticed.BF16': 0, flops: 7 } },
    { metrics: { 'planted.F32': 1, 'noticed.F32': 0 } },
    { metrics: { 'noticed.F32': null } },
    {},
  ]);
  expect(worth).toEqual([
    { format: 'BF16', planted: 1, noticed: 0 },
    { format: 'F32', planted: 2, noticed: 1 },
  ]);
  expect(worthWords(worth)).toBe(
    'Of one changed element in each recording the judge noticed: BF16 0 of 1, F32 1 of 2.',
  );
  expect(worthOfRecordings([{ metrics: { flops: 1 } }, {}])).toEqual([]);
});
