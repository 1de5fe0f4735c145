import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { Random } from '../tensor/random.ts';
import { sha256 } from './sha256.ts';
import { digest } from './sha256-rounds.ts';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

test('both ways give the SHA-256 of every length around the ends of blocks', async () => {
  const random = new Random(3);
  for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 1000, 70_001]) {
    const bytes = Uint8Array.from({ length }, () => random.integer(0, 255));
    const truth = createHash('sha256').update(bytes).digest('hex');
    expect(hex(digest(bytes)), `${length} bytes`).toBe(truth);
    expect(await sha256(bytes)).toBe(truth);
  }
});
