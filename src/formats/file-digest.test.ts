import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { fileDigest } from './file-digest.ts';

const sum = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest();

test('a file is told by the sums of its parts of 16 MiB, of which one is read at a time', async () => {
  const bytes = new Uint8Array(2 ** 25 + 5).map((_, i) => (i * 7) % 251);
  const reads: number[] = [];
  const read = async (start: number, end: number) => {
    reads.push(end - start);
    return bytes.subarray(start, end);
  };
  const parts = [
    bytes.subarray(0, 2 ** 24),
    bytes.subarray(2 ** 24, 2 ** 25),
    bytes.subarray(2 ** 25),
  ];
  const expected = sum(Buffer.concat(parts.map(sum))).toString('hex');
  expect(await fileDigest({ bytes: bytes.length, read })).toBe(expected);
  expect(reads).toEqual([2 ** 24, 2 ** 24, 5]);
});

test('an empty file has the sum of nothing', async () => {
  const read = () => Promise.reject(new Error('nothing is read'));
  expect(await fileDigest({ bytes: 0, read })).toBe(sum(new Uint8Array()).toString('hex'));
});
