import { heldAs } from '../../tensor/half.ts';
import { EPS, FLUSH } from '../bounds.ts';
import type { Value } from '../record.ts';

/** The least and the greatest number that some arithmetic may give. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Arithmetic on ranges, each result rounded. */
export interface RangeArithmetic {
  readonly add: (a: Range, b: Range) => Range;
  readonly sub: (a: Range, b: Range) => Range;
  readonly mul: (a: Range, b: Range) => Range;
  /** By a range above zero. */
  readonly div: (a: Range, b: Range) => Range;
}

/** A number that is known. */
export const exactly = (x: number): Range => ({ low: x, high: x });

/** Arithmetic on what is known, without rounding but float64's. */
export const EXACT: RangeArithmetic = {
  add: (a, b) => exactly(a.low + b.low),
  sub: (a, b) => exactly(a.low - b.low),
  mul: (a, b) => exactly(a.low * b.low),
  div: (a, b) => exactly(a.low / b.low),
};

/** The number that a tensor of `dtype` holds for x: the nearest half, or x itself. */
export function heldIn(dtype: Value['dtype'], x: number): number {
  return dtype === 'f16' || dtype === 'bf16' ? heldAs(dtype, x) : x;
}

/** How far the ends of a range are from `x`. */
export function reach({ low, high }: Range, x: number): number {
  return Math.max(high - x, x - low);
}

/** Units that WGSL grants a quotient. */
const QUOTIENT = 2.5;

/**
 * Every result rounded to float32, by IEEE or as WGSL allows it, and then to the format of `dtype`
 * where that is one of halves, as torch computes in these.
 */
export function rangesIn(dtype: Value['dtype'], ieee: boolean): RangeArithmetic {
  const held = (x: number) => heldIn(dtype, x);
  const rounded = (units: number, ...results: readonly number[]): Range => {
    const low = Math.min(...results);
    const high = Math.max(...results);
    if (ieee) return { low: held(Math.fround(low)), high: held(Math.fround(high)) };
    const off = (x: number) => units * EPS * Math.abs(x) + FLUSH;
    return { low: held(low - off(low)), high: held(high + off(high)) };
  };
  const crossed = (a: Range, b: Range, of: (x: number, y: number) => number) =>
    [a.low, a.high].flatMap((x) => [of(x, b.low), of(x, b.high)]);
  return {
    add: (a, b) => rounded(1, a.low + b.low, a.high + b.high),
    sub: (a, b) => rounded(1, a.low - b.high, a.high - b.low),
    mul: (a, b) => rounded(1, ...crossed(a, b, (x, y) => x * y)),
    div: (a, b) => rounded(QUOTIENT, ...crossed(a, b, (x, y) => x / y)),
  };
}
