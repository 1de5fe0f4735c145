import type { BlockFormat } from '../../../src/quant/format.ts';
import { blockFormatOf } from '../../../src/quant/registry.ts';
import { blockScales } from '../../../src/reference/quant/blocks.ts';
import { acceptsByte, blockRanks, packedCodes } from '../../../src/reference/quant/ranks.ts';
import { codeRange, codesOf, vectorwise } from '../../../src/reference/quant/vectorwise.ts';

/** Of every golden in four bits. */
const BLOCK = 64;
/** Elements whose codes are found at once, so that their float64 numbers fit in memory. */
const CHUNK = 2 ** 20;

type Weight = Float32Array;
type Bytes = Uint8Array<ArrayBuffer>;

/** Parts of a weight in float64, each with the index of its first element. */
function* partsOf(weight: Weight): Generator<readonly [first: number, part: Float64Array]> {
  for (let first = 0; first < weight.length; first += CHUNK)
    yield [first, Float64Array.from(weight.subarray(first, first + CHUNK))];
}

/** Codes of four bits in blocks of 64 by IEEE arithmetic, packed. */
export function packedByIeee(weight: Weight, quantType: string): Bytes {
  const format = blockFormatOf(quantType);
  const packed = new Uint8Array(weight.length / 2);
  for (const [first, part] of partsOf(weight)) {
    const scales = blockScales(part, BLOCK, format);
    const ranks = blockRanks(part, scales, BLOCK, format, true);
    packed.set(packedCodes(ranks, format), first / 2);
  }
  return packed;
}

/**
 * The first byte whose codes are not right, beside those of IEEE arithmetic: elsewhere than on an
 * adapter that has it a neighbour in the band is, and codes of a block of zeros are told by what
 * they decode to.
 */
export function wrongByte(
  { actual, expected }: { readonly actual: Bytes; readonly expected: Bytes },
  weight: Weight,
  quantType: string,
  ieee: boolean,
): number | undefined {
  const format = blockFormatOf(quantType);
  for (const [k, byte] of actual.entries())
    if (byte !== expected[k] && !isRightByte(k, byte, weight, format, ieee)) return k;
  return undefined;
}

function isRightByte(
  k: number,
  byte: number,
  weight: Weight,
  format: BlockFormat,
  ieee: boolean,
): boolean {
  const first = BLOCK * Math.floor((2 * k) / BLOCK);
  const block = Float64Array.from(weight.subarray(first, first + BLOCK));
  const scales = blockScales(block, BLOCK, format);
  const ranks = blockRanks(block, scales, BLOCK, format, ieee && scales[0] !== 0);
  return acceptsByte(byte, k - first / 2, ranks, format);
}

/** Codes of eight bits of rows by IEEE arithmetic. */
export function rowsByIeee(weight: Weight, cols: number): Int8Array<ArrayBuffer> {
  const codes = new Int8Array(weight.length);
  for (const [first, part] of partsOf(weight))
    codes.set(codesOf(vectorwise(part, cols, Number.POSITIVE_INFINITY).levels), first);
  return codes;
}

/**
 * The first code of eight bits that is not right, beside those of IEEE arithmetic; in a row of zeros
 * each decodes to zero.
 */
export function wrongCode(
  { actual, expected }: { readonly actual: Int8Array; readonly expected: Int8Array },
  weight: Weight,
  cols: number,
  ieee: boolean,
): number | undefined {
  for (const [i, code] of actual.entries()) {
    if (code === expected[i]) continue;
    const first = cols * Math.floor(i / cols);
    const row = Float64Array.from(weight.subarray(first, first + cols));
    const { stats, levels } = vectorwise(row, cols, Number.POSITIVE_INFINITY);
    if (stats[0] === 0) continue;
    const { low, high } = codeRange(levels[i - first] as number, ieee);
    if (code !== low && code !== high) return i;
  }
  return undefined;
}
