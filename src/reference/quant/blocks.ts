import type { BlockFormat } from '../../quant/format.ts';
import { hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { EPS } from '../bounds.ts';

/**
 * Half width of the band around a threshold in which either code is right when the adapter's
 * arithmetic is not IEEE: 4.5 eps.
 */
export const BAND = 4.5 * EPS;

/** What bitsandbytes divides by where a block's absmax is smaller: 1e-38 in float32, a denormal. */
const SMALLEST_ABSMAX = Math.fround(1e-38);

/**
 * For a record's `unsupported`: what is not computed of a block size that the vocabulary allows.
 */
export function unsupportedBlock(block: number): string | undefined {
  return block >= 32 && block <= 2 ** 24 && Number.isInteger(Math.log2(block))
    ? undefined
    : `blocks of ${block}, only of powers of two from 32 to 2^24`;
}

/** Number of blocks of `block` elements, the last one perhaps short. */
export function blockCount(n: number, block: number): number {
  return Math.ceil(n / block);
}

/** Largest absolute value of each block: exact. */
export function blockAbsmax(x: Float64Array, block: number): Float64Array {
  const absmax = new Float64Array(blockCount(x.length, block));
  x.forEach((value, i) => {
    const j = Math.floor(i / block);
    absmax[j] = Math.max(absmax[j] as number, Math.abs(value));
  });
  return absmax;
}

/** The largest absolute value of each block as a format stores it: the scales of its codes. */
export function blockScales(
  x: Float64Array,
  block: number,
  { scales }: Pick<BlockFormat, 'scales'>,
): Float64Array {
  const absmax = blockAbsmax(x, block);
  return valuesOf(hostTensorFrom(scales, [absmax.length], absmax));
}

/** x * (1/absmax), both operations rounded to nearest float32, in an exponent range without end. */
export function relativeToBlock(x: number, absmax: number): number {
  const divisor = Math.max(absmax, SMALLEST_ABSMAX);
  const unit = 2 ** Math.floor(Math.log2(divisor));
  return Math.fround(x * (Math.fround(unit / divisor) / unit));
}
