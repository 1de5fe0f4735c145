import type { DType } from '../tensor/dtype.ts';
import type { Arithmetic, Depth } from './record.ts';

/**
 * Building blocks of a-priori error bounds that hold on every legal WGSL implementation. A
 * "correctly rounded" WGSL result may be either neighbour, so the unit is a whole ulp of 1, not
 * half of it; sums may be reassociated, products fused, denormals flushed.
 */

/** Unit of rounding: 2^-23. */
export const EPS = 2 ** -23;

/** Round-to-nearest half unit, 2^-24: what typical (L2) errors are made of. */
export const HALF_EPS = 2 ** -24;

/** What one flush to zero may cost: the smallest normal float32, 2^-126. */
export const FLUSH = 2 ** -126;

/** The largest float32. */
export const LARGEST = (2 - EPS) * 2 ** 127;

/** Whether a number passes it: a computation with an intermediate that may is not judged. */
export const overflows = (x: number): boolean => x > LARGEST;

/**
 * Of one who adds up in any order, and may be off where WGSL may. Also for computations of numbers
 * with their errors where the numbers alone are read.
 */
export const IN_ANY_ORDER: Arithmetic = { depth: (terms) => terms, ieee: false };

/** Relative slack for the second-order terms that first-order bounds leave out. */
export const SECOND_ORDER = 1 + 1e-3;

/** Higham's gamma: the relative error of c successive roundings, c*eps / (1 - c*eps). */
export function gamma(c: number): number {
  return (c * EPS) / (1 - c * EPS);
}

/**
 * Roundings of a sum of n numbers without products: a level less than that of n products, in no
 * order more than its n - 1 additions, and none for a copy.
 */
export function sumLevels(n: number, depth: Depth): number {
  return n > 1 ? Math.min(depth(n), n) - 1 : 0;
}

/**
 * Advisory size of a sum's error under round-to-nearest: 4 sqrt(c) 2^-24 times the condition (sum
 * of absolute terms).
 */
export function typicalSum(c: number, condition: number): number {
  return 4 * Math.sqrt(c) * HALF_EPS * condition;
}

/**
 * Flush term of a sum of `terms` products whose largest factors are `a` and `b`: 2^-126 per
 * operation and per operand times the other.
 */
export function flushOfProducts(terms: number, a: number, b: number): number {
  return FLUSH * terms * (2 + a + b);
}

/**
 * Distance of neighbours at `y` in a half format, beyond its range at its largest number: what
 * storing may add to an error. 0 for formats that hold every float32.
 */
export function storageStep(y: number, dtype: DType | undefined): number {
  if (dtype !== 'f16' && dtype !== 'bf16') return 0;
  const exponent = Math.floor(Math.log2(Math.max(Math.abs(y), FLUSH)));
  return dtype === 'f16'
    ? 2 ** (Math.min(Math.max(exponent, -14), 15) - 10)
    : 2 ** (Math.min(exponent, 127) - 7);
}

/** How far the root of a number may be off that is off by `error`. */
export function rootError(x: number, error: number): number {
  return x > error ? error / (Math.sqrt(x) + Math.sqrt(x - error)) : Math.sqrt(x + error);
}

/**
 * How far, relative to itself, the reciprocal of a number may be off that is off by this share of
 * itself: anything from a half on.
 */
export function reciprocalError(share: number): number {
  return share < 0.5 ? share / (1 - share) : Number.POSITIVE_INFINITY;
}

/** Largest absolute value, 0 for none. */
export function maxAbs(data: ArrayLike<number>): number {
  let max = 0;
  for (let i = 0; i < data.length; i++) max = Math.max(max, Math.abs(data[i] as number));
  return max;
}
