import { seam } from '../../seam.ts';
import { packing } from './packing.ts';

/** Two codes of 4 bits a byte, the first in the high nibble, as bitsandbytes has it. */
export const nibbles = packing(4, 'high');

/**
 * Packs 4-bit codes two a byte, the first in the high nibble; after an odd number of codes the last
 * low nibble is `padding`. Returns ceil(n / 2) bytes.
 */
export const packNibbles = seam('quant.packNibbles', nibbles.pack);

/** The first `count` codes of bytes that {@link packNibbles} made. */
export const unpackNibbles = seam(
  'quant.unpackNibbles',
  (bytes: ArrayLike<number>, count: number): Uint8Array<ArrayBuffer> =>
    Uint8Array.from({ length: count }, (_, i) => nibbles.codeAt(bytes, i)),
);
