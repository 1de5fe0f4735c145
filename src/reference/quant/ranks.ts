import type { BlockFormat } from '../../quant/format.ts';
import { BAND, relativeToBlock } from './blocks.ts';

/**
 * Codes that are right, as ranks in ascending order of their values: `rank` by IEEE arithmetic,
 * `low` to `high` where the band around thresholds leaves a choice.
 */
export interface Ranks {
  readonly rank: Uint8Array;
  readonly low: Uint8Array;
  readonly high: Uint8Array;
}

/** Code of a rank. */
function codeOfRank(rank: number, { rounding }: BlockFormat): number {
  return rounding.ascending[rank] as number;
}

/** Value of a rank, before the absmax. */
export function valueOfRank(rank: number, format: BlockFormat): number {
  return format.values[codeOfRank(rank, format)] as number;
}

/** Values of all ranks from `low` to `high`, before the absmax. */
export function valuesBetween(low: number, high: number, format: BlockFormat): readonly number[] {
  const codes = format.rounding.ascending.slice(low, high + 1);
  return codes.map((code) => format.values[code] as number);
}

/** How many thresholds are below y; without a closure for each, since weights are large. */
function countBelow(y: number, thresholds: readonly number[]): number {
  let count = 0;
  for (const threshold of thresholds) count += Number(y > threshold);
  return count;
}

/**
 * Ranks of every element of `x`. A block of zeros decodes to zero whatever the code: outside IEEE
 * arithmetic any is right.
 */
export function blockRanks(
  x: Float64Array,
  absmax: Float64Array,
  block: number,
  format: BlockFormat,
  ieee: boolean,
): Ranks {
  const { thresholds, spread = BAND } = format.rounding;
  const absmaxOf = (i: number) => absmax[Math.floor(i / block)] as number;
  const relative = x.map((value, i) => relativeToBlock(value, absmaxOf(i)));
  const rank = Uint8Array.from(relative, (y) => countBelow(y, thresholds));
  if (ieee) return { rank, low: rank, high: rank };
  const isOpen = (i: number) => absmaxOf(i) === 0;
  return {
    rank,
    low: Uint8Array.from(relative, (y, i) => (isOpen(i) ? 0 : countBelow(y - spread, thresholds))),
    high: Uint8Array.from(relative, (y, i) =>
      isOpen(i) ? thresholds.length : thresholds.filter((t) => y + spread >= t).length,
    ),
  };
}

/** Codes by IEEE arithmetic, packed. */
export function packedCodes({ rank }: Ranks, format: BlockFormat): Float64Array {
  const codes = Array.from(rank, (r) => codeOfRank(r, format));
  return Float64Array.from(format.packing.pack(codes, format.zeroCode));
}

/**
 * Whether the bits that each code has in a byte are those of a right one; codes are told by the
 * value that they decode to, since fp4 has two of zero.
 */
export function acceptsByte(
  byte: number,
  k: number,
  { low, high }: Ranks,
  { values, packing, ...format }: BlockFormat,
): boolean {
  const [first, end] = packing.elementsIn(k);
  const elements = Array.from({ length: end - first }, (_, j) => first + j);
  return (
    Number.isInteger(byte) && elements.every((i) => rightCodes(i).some((code) => hasBits(i, code)))
  );

  function hasBits(i: number, code: number): boolean {
    const { mask, value } = packing.bitsIn(k, i, code);
    return (byte & mask) === value;
  }

  function rightCodes(i: number): readonly number[] {
    const { ascending } = format.rounding;
    const of = (rank: number) => values[ascending[rank] as number] as number;
    const [least, most] = i < low.length ? [of(low[i] as number), of(high[i] as number)] : [0, 0];
    return ascending.filter((code) => {
      const value = values[code] as number;
      return value >= least && value <= most;
    });
  }
}

/** How many elements have more than one right value. */
export function inBand({ low, high }: Ranks, format: BlockFormat): number {
  return low.reduce(
    (count, rank, i) =>
      count + Number(valueOfRank(rank, format) !== valueOfRank(high[i] as number, format)),
    0,
  );
}
