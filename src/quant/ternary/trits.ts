import { GradproofError } from '../../errors.ts';
import { seam } from '../../seam.ts';
import { packing } from '../packing/packing.ts';
import { format } from './format.ts';

/**
 * Where the first of the four trits of a byte stands: in bits 0-1 (`low`) or in bits 6-7 (`high`).
 */
export const TRIT_ORDERS = ['low', 'high'] as const;
export type TritOrder = (typeof TRIT_ORDERS)[number];

/** A trit that is not -1, 0 or 1 (`trit-range`), or a code that stands for none (`trit-code`). */
export class TritError extends GradproofError {
  constructor(code: 'trit-range' | 'trit-code', message: string) {
    super(code, message);
  }
}

const packings = { low: packing(2), high: packing(2, 'high') };

/**
 * Packs trits four a byte as codes t + 1; missing ones of the last byte are zeros (code 1). Returns
 * ceil(n / 4) bytes. Throws {@link TritError} on a value that is no trit.
 */
export const packTrits = seam(
  'quant.packTrits',
  (trits: ArrayLike<number>, order: TritOrder = 'low'): Uint8Array<ArrayBuffer> =>
    packings[order].pack(Array.from(trits, codeOf), format.zeroCode),
);

function codeOf(trit: number, i: number): number {
  if (trit !== -1 && trit !== 0 && trit !== 1)
    throw new TritError('trit-range', `element ${i} is ${trit}: a trit is -1, 0 or 1`);
  return trit + 1;
}

/**
 * The first `count` trits of packed bytes. Throws {@link TritError} with the place of the first
 * code 3, which stands for nothing.
 */
export const unpackTrits = seam(
  'quant.unpackTrits',
  (bytes: ArrayLike<number>, count: number, order: TritOrder = 'low'): Int8Array<ArrayBuffer> => {
    const trits = new Int8Array(count);
    for (let i = 0; i < count; i++) {
      const code = packings[order].codeAt(bytes, i);
      if (code === 3)
        throw new TritError(
          'trit-code',
          `trit ${i} has code 3, which stands for no value: the data are damaged or not packed trits`,
        );
      trits[i] = code - 1;
    }
    return trits;
  },
);
