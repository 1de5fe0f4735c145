import {
  FOUR_BIT_ASCENDING,
  FOUR_BIT_CODES,
  FOUR_BIT_THRESHOLDS,
  FOUR_BIT_ZERO_CODE,
  type FourBitType,
} from '../../quant/four-bit-tables.ts';
import { BAND, relativeToBlock } from './blocks.ts';

/**
 * Codes that are right, as ranks in ascending order of their values: `rank` by IEEE arithmetic, `low` to `high` where the band around
 * thresholds leaves a choice.
 */
export interface Ranks {
  readonly rank: Uint8Array;
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

/** bitsandbytes' CPU and CUDA literals for fp4 differ by up to 14 units in the last place, and break ties to different sides. */
const FP4_BAND = 1e-6;

/** Code of a rank. */
function codeOfRank(rank: number, type: FourBitType): number {
  return FOUR_BIT_ASCENDING[type][rank] as number;
}

/** Value of a rank, before the absmax. */
export function valueOfRank(rank: number, type: FourBitType): number {
  return FOUR_BIT_CODES[type][codeOfRank(rank, type)] as number;
}

/** Ranks of every element of `x`. A block of zeros decodes to zero whatever the code: outside IEEE arithmetic any is right. */
export function fourBitRanks(x: Float64Array, absmax: Float64Array, block: number, type: FourBitType, ieee: boolean): Ranks {
  const thresholds = FOUR_BIT_THRESHOLDS[type];
  const band = ieee ? 0 : type === 'fp4' ? FP4_BAND : BAND;
  const ranks = { rank: new Uint8Array(x.length), low: new Uint8Array(x.length), high: new Uint8Array(x.length) };
  x.forEach((value, i) => {
    const a = absmax[Math.floor(i / block)] as number;
    const y = relativeToBlock(value, a);
    ranks.rank[i] = thresholds.filter((t) => y > t).length;
    ranks.low[i] = a === 0 && !ieee ? 0 : thresholds.filter((t) => y - band > t).length;
    ranks.high[i] = a === 0 && !ieee ? 15 : thresholds.filter((t) => (band > 0 ? y + band >= t : y > t)).length;
  });
  return ranks;
}

/** Codes by IEEE arithmetic, two a byte, the first in the high nibble; the padding after an odd number is a zero's code. */
export function packedCodes({ rank }: Ranks, type: FourBitType): Float64Array {
  const code = (i: number) => (i < rank.length ? codeOfRank(rank[i] as number, type) : FOUR_BIT_ZERO_CODE[type]);
  return Float64Array.from({ length: Math.ceil(rank.length / 2) }, (_, k) => 16 * code(2 * k) + code(2 * k + 1));
}

/** Whether both codes of a byte are right; fp4's by the value that they decode to. */
export function acceptsByte(byte: number, k: number, { low, high }: Ranks, type: FourBitType): boolean {
  return Number.isInteger(byte) && accepts(byte >> 4, 2 * k) && accepts(byte & 15, 2 * k + 1);

  function accepts(code: number, i: number): boolean {
    const value = FOUR_BIT_CODES[type][code] as number;
    if (i >= low.length) return value === 0;
    return value >= valueOfRank(low[i] as number, type) && value <= valueOfRank(high[i] as number, type);
  }
}

/** How many elements have more than one right value. */
export function inBand({ low, high }: Ranks, type: FourBitType): number {
  return low.reduce((count, rank, i) => count + Number(valueOfRank(rank, type) !== valueOfRank(high[i] as number, type)), 0);
}
