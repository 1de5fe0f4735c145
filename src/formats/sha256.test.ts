import { createHash } from 'node:crypto';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Random } from '../tensor/random.ts';
import { sha256 } from './sha256.ts';
import { digest, Sha256 } from './sha256-rounds.ts';

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

test('crypto.subtle is asked where it is there, and else the digest is computed here', async () => {
  onTestFinished(() => void vi.unstubAllGlobals());
  const asked = vi.fn(async () => Uint8Array.of(0xab, 0x0c).buffer);
  vi.stubGlobal('crypto', { subtle: { digest: asked } });
  const abc = Uint8Array.from(Buffer.from('abc'));
  expect(await sha256(abc)).toBe('ab0c');
  expect(asked.mock.calls).toEqual([['SHA-256', abc]]);
  vi.stubGlobal('crypto', {});
  // The example of one block in FIPS 180-4.
  expect(await sha256(abc)).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('bytes in the middle of a buffer are digested as by themselves', () => {
  const within = Uint8Array.from(Buffer.from(`${'x'.repeat(9)}abc`)).subarray(9);
  // The example of one block in FIPS 180-4.
  expect(hex(digest(within))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('parts that come one by one give the digest of all', () => {
  const random = new Random(4);
  const bytes = Uint8Array.from({ length: 1000 }, () => random.integer(0, 255));
  for (const parts of [[1000], [0, 64, 936], [1, 62, 1, 64, 872], [63, 2, 127, 808], [999, 1, 0]]) {
    const hash = new Sha256();
    let at = 0;
    for (const length of parts) {
      hash.update(bytes.subarray(at, at + length));
      at += length;
    }
    expect(hex(hash.digest()), parts.join()).toBe(createHash('sha256').update(bytes).digest('hex'));
  }
});
