import { EPS, FLUSH, storageStep } from '../bounds.ts';
import type { Value } from '../record.ts';
import {
  codeOf,
  firstZero,
  type Grid,
  type Groups,
  type HqqParams,
  nearestInverse,
  type Range,
} from './hqq-groups.ts';

/** Units that the inverse of a scale may be off: its range, the quotient, and the scale itself. */
const INVERSE = 3.5;

/** A scale and a zero of each group as a party gave them, or not. */
export interface Given {
  readonly scale?: Value | undefined;
  readonly zero?: Value | undefined;
}

/**
 * What a party began with, as its scales tell: of one that is the nearest to what IEEE arithmetic
 * makes of the weights, the inverse that was rounded to it. With `ieee` there is no other.
 */
export function firstGrid(
  ranges: readonly Range[],
  { top }: Groups,
  { scale }: Given,
  params: HqqParams,
  ieee: boolean,
): Grid {
  const inverse = new Float64Array(ranges.length);
  const slack = new Float64Array(ranges.length);
  const value = new Float64Array(ranges.length);
  const error = new Float64Array(ranges.length);
  for (const [j, range] of ranges.entries()) {
    const nearest = nearestInverse(range, top);
    const given = scale?.data[j] ?? 0;
    // Halves tell it less exactly.
    const stored = given > 0 ? storageStep(given, scale?.dtype) / given : 0;
    const isOwn = ieee || !(given > 0) || (stored === 0 && given === Math.fround(1 / nearest));
    const factor = isOwn ? nearest : 1 / given;
    const loose = ieee ? 0 : INVERSE * EPS + stored;
    const zero = firstZero(range, factor, loose, params);
    inverse[j] = factor;
    slack[j] = loose;
    value[j] = zero.value;
    error[j] = zero.error;
  }
  return { inverse, slack, zero: { value, error } };
}

/** The grid that a party's codes are made with; a zero that it did not give may be any near one. */
export function lastGrid(first: Grid, { zero }: Given, { optimize }: HqqParams): Grid {
  if (zero) return { ...first, zero: { value: zero.data, error: zero.data.map(() => 0) } };
  return optimize
    ? { ...first, zero: { ...first.zero, error: first.zero.error.fill(0.5) } }
    : first;
}

/** The least and the largest right code of each element. */
export interface CodeRanges {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * Codes clamp(rint(x inverse + zero)), either neighbour where the level is in the band of two: in
 * IEEE arithmetic where a product that is fused gives another than one that is rounded.
 */
export function codeRanges(
  { x, groupOf, top }: Groups,
  { inverse, slack, zero }: Grid,
  ieee: boolean,
): CodeRanges {
  const low = new Float64Array(x.length);
  const high = new Float64Array(x.length);
  for (const [i, w] of x.entries()) {
    const j = groupOf(i);
    const factor = inverse[j] as number;
    const shift = zero.value[j] as number;
    const product = w * factor;
    const off = zero.error[j] as number;
    if (ieee && off === 0) {
      const fused = codeOf(Math.fround(product + shift), top);
      const rounded = codeOf(Math.fround(Math.fround(product) + shift), top);
      low[i] = Math.min(fused, rounded);
      high[i] = Math.max(fused, rounded);
      continue;
    }
    const level = product + shift;
    const band =
      off +
      ((slack[j] as number) + EPS) * Math.abs(product) +
      EPS * Math.abs(level) +
      FLUSH * (1 + factor);
    low[i] = codeOf(level - band, top);
    high[i] = codeOf(level + band, top);
  }
  return { low, high };
}
