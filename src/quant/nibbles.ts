import { seam } from '../seam.ts';

/**
 * Packs 4-bit codes two a byte, the first in the high nibble, as bitsandbytes does; after an odd number of codes the last low nibble
 * is `padding`. Returns ceil(n / 2) bytes.
 */
export const packNibbles = seam('quant.packNibbles', (codes: ArrayLike<number>, padding: number): Uint8Array<ArrayBuffer> => {
  const bytes = new Uint8Array(Math.ceil(codes.length / 2));
  for (let k = 0; k < bytes.length; k++) bytes[k] = ((codes[2 * k] as number) << 4) | (codes[2 * k + 1] ?? padding);
  return bytes;
});

/** The first `count` codes of bytes that {@link packNibbles} made. */
export const unpackNibbles = seam('quant.unpackNibbles', (bytes: ArrayLike<number>, count: number): Uint8Array<ArrayBuffer> => {
  const codes = new Uint8Array(count);
  for (let i = 0; i < count; i++) codes[i] = ((bytes[i >> 1] as number) >> (i % 2 === 0 ? 4 : 0)) & 15;
  return codes;
});
