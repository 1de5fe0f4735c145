import { expect, test } from 'vitest';
import { fingerprintLanes } from './fingerprint.ts';

test('a workgroup of 64 lanes adds 4096 words, until there are sixteen; of none there is one', () => {
  const words = [0, 1, 4096, 4097, 8192, 8193, 15 * 4096, 16 * 4096, 16 * 4096 + 1, 2 ** 30];
  const groups = words.map((count) => fingerprintLanes(4 * count) / 64);
  expect(groups).toEqual([1, 1, 1, 2, 2, 3, 15, 16, 16, 16]);
});
