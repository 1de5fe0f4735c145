import { seam } from '../../seam.ts';
import { TritError } from './trits.ts';

/** Trits in a byte: 3^5 is 243, so that the bytes above 242 stand for nothing. */
export const PER_BYTE = 5;
const ZEROS = 121;

/**
 * Packs trits five a byte, as the digits t + 1 of a number to base 3 with the first trit as the
 * lowest; missing ones of the last byte are zeros. Returns ceil(n / 5) bytes: 1.6 bits a trit,
 * where {@link packTrits} takes 2. Throws TritError on a value that is no trit.
 */
export const packDenseTrits = seam(
  'quant.packDenseTrits',
  (trits: ArrayLike<number>): Uint8Array<ArrayBuffer> => {
    const bytes = new Uint8Array(Math.ceil(trits.length / PER_BYTE)).fill(ZEROS);
    for (let i = 0; i < trits.length; i++) {
      const trit = trits[i] as number;
      if (trit !== -1 && trit !== 0 && trit !== 1)
        throw new TritError('trit-range', `element ${i} is ${trit}: a trit is -1, 0 or 1`);
      const byte = Math.floor(i / PER_BYTE);
      bytes[byte] = (bytes[byte] as number) + trit * 3 ** (i % PER_BYTE);
    }
    return bytes;
  },
);

/**
 * The first `count` trits of bytes that {@link packDenseTrits} packed. Throws TritError with the
 * place of the first byte above 242, which stands for nothing.
 */
export const unpackDenseTrits = seam(
  'quant.unpackDenseTrits',
  (bytes: ArrayLike<number>, count: number): Int8Array<ArrayBuffer> =>
    Int8Array.from({ length: count }, (_, i) => {
      const at = Math.floor(i / PER_BYTE);
      const byte = bytes[at] as number;
      if (byte > 242)
        throw new TritError(
          'trit-code',
          `byte ${at} is ${byte}, which stands for no five trits: the data are damaged or not dense trits`,
        );
      return (Math.floor(byte / 3 ** (i % PER_BYTE)) % 3) - 1;
    }),
);
