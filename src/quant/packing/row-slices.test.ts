import { expect, test } from 'vitest';
import { packSlices, unpackSlices } from './row-slices.ts';

const codes = (...data: readonly number[]) => Float64Array.from(data);

test('a word has a code of each slice, the first in its highest bits', () => {
  const words = packSlices(codes(1, 2, 3, 4, 5, 6), 3, { rows: 2, bits: 4 });
  expect([...words]).toEqual([0x14, 0x25, 0x36]);
  const wide = packSlices(codes(1, 2, 3), 1, { rows: 10, bits: 3 });
  expect([...wide]).toEqual([(1 << 27) | (2 << 24) | (3 << 21)]);
});

test('where slices end there are zeros', () => {
  expect([...packSlices(codes(1, 2, 3), 2, { rows: 2, bits: 4 })]).toEqual([0x13, 0x20]);
});

test.each([
  { rows: 1, bits: 8 },
  { rows: 2, bits: 4 },
  { rows: 4, bits: 2 },
  { rows: 8, bits: 1 },
  { rows: 10, bits: 3 },
])('codes come back from $rows slices of $bits bits', (slices) => {
  const own = Float64Array.from({ length: 37 }, (_, i) => (i * 7) % 2 ** slices.bits);
  const words = packSlices(own, Math.ceil(37 / slices.rows), slices);
  expect(unpackSlices(words, 37, slices)).toEqual(own);
});
