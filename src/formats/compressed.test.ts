import { expect, test } from 'vitest';
import { wrapSeam } from '../seam.ts';
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

test('a gain of just a twentieth is stored, and of a byte less is not', async () => {
  using _ = wrapSeam('formats.through_stream', () => async () => new Uint8Array(2000));
  expect(await compressed(new Uint8Array(2100))).toEqual({
    encoding: 'gzip',
    bytes: new Uint8Array(2000),
    ratio: 1.05,
  });
  expect((await compressed(new Uint8Array(2099))).encoding).toBe('raw');
});
