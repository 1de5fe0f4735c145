import { expect, test } from 'vitest';
import { compressed, decompressed } from './compressed.ts';

test('what gets smaller is stored in gzip, and comes back', async () => {
  const raw = new Uint8Array(10_000).fill(7);
  const stored = await compressed(raw);
  expect(stored.encoding).toBe('gzip');
  expect([...stored.bytes.subarray(0, 2)]).toEqual([0x1f, 0x8b]);
  expect(stored.ratio).toBe(10_000 / stored.bytes.length);
  expect(await decompressed(stored)).toEqual(raw);
});

test('what gains less than a twentieth is stored as it is', async () => {
  // Gzip adds 18 bytes and more to what it cannot make smaller.
  const raw = Uint8Array.of(1, 2, 3);
  const stored = await compressed(raw);
  expect(stored).toEqual({ encoding: 'raw', bytes: raw, ratio: 1 });
  expect(await decompressed(stored)).toBe(raw);
});
