import { heldAs } from '../../tensor/half.ts';
import { EPS, storageStep } from '../bounds.ts';
import type { Value } from '../record.ts';
import {
  codeOf,
  firstZero,
  type Grid,
  type Groups,
  type HqqParams,
  levelError,
  nearestInverse,
  type Range,
} from './hqq-groups.ts';

/** Units that the inverse of a scale may be off: its range, the reciprocal of that, and a product. */
const INVERSE = 4.5;

/** A scale and a zero of each group as a party gave them, or not. */
export interface Given {
  readonly scale?: Value | undefined;
  readonly zero?: Value | undefined;
}

/**
 * The half format that holds all of the numbers, if there is one: a recording does not say how it
 * stored them.
 */
export function halfOf(value: Value | undefined): 'f16' | 'bf16' | undefined {
  return HALVES.find((half) => value?.data.every((y) => heldAs(half, y) === y));
}

const HALVES = ['f16', 'bf16'] as const;

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
  const half = halfOf(scale);
  for (const [j, range] of ranges.entries()) {
    const nearest = nearestInverse(range, top);
    const given = scale?.data[j] ?? 0;
    const isOwn = ieee || !(given > 0) || given === Math.fround(1 / nearest);
    const factor = isOwn ? nearest : 1 / given;
    // Halves tell it less exactly.
    const stored = isOwn ? 0 : storageStep(given, half) / given;
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

/** The least and the largest right code. */
export type CodeRange = readonly [low: number, high: number];

/** What a group's codes are made with. */
interface GroupGrid {
  readonly inverse: number;
  readonly slack: number;
  readonly zero: number;
  /** How far the zero may be off. */
  readonly off: number;
}

/** The part of a grid that is a group's. */
export function gridOfGroup({ inverse, slack, zero }: Grid, j: number): GroupGrid {
  return {
    inverse: inverse[j] as number,
    slack: slack[j] as number,
    zero: zero.value[j] as number,
    off: zero.error[j] as number,
  };
}

/**
 * The code clamp(rint(w inverse + zero)), either neighbour where the level is in the band of two: in
 * IEEE arithmetic where a product that is fused gives another than one that is rounded.
 */
export function codeRange(
  w: number,
  { inverse, slack, zero, off }: GroupGrid,
  top: number,
  ieee: boolean,
): CodeRange {
  const product = w * inverse;
  if (ieee && off === 0) {
    const fused = codeOf(Math.fround(product + zero), top);
    const rounded = codeOf(Math.fround(Math.fround(product) + zero), top);
    return [Math.min(fused, rounded), Math.max(fused, rounded)];
  }
  const level = product + zero;
  const band = off + levelError(product, level, inverse, slack);
  return [codeOf(level - band, top), codeOf(level + band, top)];
}

/** The least and the largest right code of each element. */
export interface CodeRanges {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** {@link codeRange} of all weights. */
export function codeRanges(
  { x, count, groupOf, top }: Groups,
  grid: Grid,
  ieee: boolean,
): CodeRanges {
  const grids = Array.from({ length: count }, (_, j) => gridOfGroup(grid, j));
  const low = new Float64Array(x.length);
  const high = new Float64Array(x.length);
  for (const [i, w] of x.entries()) {
    const range = codeRange(w, grids[groupOf(i)] as GroupGrid, top, ieee);
    low[i] = range[0];
    high[i] = range[1];
  }
  return { low, high };
}
