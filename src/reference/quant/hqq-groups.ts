import { rint } from '../../tensor/rint.ts';
import { hqqTop, type hqqQuantize as signature } from '../../vocabulary/quant/hqq_quantize.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import type { Value } from '../record.ts';

export type HqqParams = ParamsOf<typeof signature>;

/** A weight cut into groups: rows (axis 1) or columns (axis 0) of a matrix. */
export interface Groups {
  readonly x: Float64Array;
  readonly count: number;
  /** Elements of a group. */
  readonly size: number;
  /** Where element `k` of group `j` is in the weight. */
  readonly place: (j: number, k: number) => number;
  /** The group of element `i` of the weight. */
  readonly groupOf: (i: number) => number;
  /** The largest code. */
  readonly top: number;
}

export function groupsOf({ data: x }: Value, params: HqqParams): Groups {
  const { group_size: size, axis } = params;
  const count = x.length / size;
  const top = hqqTop(params);
  return axis === 1
    ? { x, count, size, top, place: (j, k) => j * size + k, groupOf: (i) => Math.floor(i / size) }
    : { x, count, size, top, place: (j, k) => k * count + j, groupOf: (i) => i % count };
}

/** The code of a level: half to even, clamped. */
export const codeOf = (level: number, top: number): number =>
  Math.min(Math.max(rint(level), 0), top);

/**
 * How far the level of a weight may be off, which is its product with an inverse, plus a zero: the
 * inverse by a share of itself, the product and the sum by a unit.
 */
export const levelError = (
  product: number,
  level: number,
  inverse: number,
  slack: number,
): number => (slack + EPS) * Math.abs(product) + EPS * Math.abs(level) + FLUSH * (1 + inverse);

/** Numbers of each group that may be off. */
export interface Uncertain {
  readonly value: Float64Array;
  readonly error: Float64Array;
}

/** What codes are made with: the inverse of the scale, off by a share of itself, and the zero. */
export interface Grid {
  readonly inverse: Float64Array;
  readonly slack: Float64Array;
  readonly zero: Uncertain;
}

/** The largest group whose elements are that near to each other has no scale of its own. */
const HARDLY_APART = Math.fround(1e-4);
const LARGEST_INVERSE = 2e4;
/** What divides by more may be off by anything: WGSL bounds no quotient by it. */
const LARGEST_DIVISOR = 2 ** 126;

/** What the elements of a group are between. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

export function rangesOf({ x, count, size, place }: Groups): readonly Range[] {
  return Array.from({ length: count }, (_, j) => {
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let k = 0; k < size; k++) {
      const value = x[place(j, k)] as number;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    return { low, high };
  });
}

/** Whether a group's range is beyond what arithmetic in float32 promises anything of. */
export const isBeyond = ({ low, high }: Range): boolean => !(high - low <= LARGEST_DIVISOR);

/**
 * The inverse of a group's scale, each operation rounded to the nearest: torch divides a number by a
 * tensor by its reciprocal.
 */
export function nearestInverse({ low, high }: Range, top: number): number {
  const span = Math.fround(high - low);
  return span > HARDLY_APART
    ? Math.min(Math.fround(top * Math.fround(1 / span)), LARGEST_INVERSE)
    : 1;
}

/** The scales that are right before they are rounded: two where the range is about 1e-4. */
export function rightScales({ low, high }: Range, top: number): readonly number[] {
  const span = high - low;
  const own = Math.max(span / top, 1 / LARGEST_INVERSE);
  if (Math.abs(span - HARDLY_APART) <= 2 * EPS * HARDLY_APART) return [own, 1];
  return [span > HARDLY_APART ? own : 1];
}

/**
 * The zero that a group begins with, -low * inverse, as far as it is known; rounded it is one of
 * those between.
 */
export function firstZero(
  { low }: Range,
  inverse: number,
  slack: number,
  { round_zero }: Pick<HqqParams, 'round_zero'>,
): { readonly value: number; readonly error: number } {
  const value = -low * inverse;
  const error = (slack + EPS) * Math.abs(value) + FLUSH * (1 + inverse);
  if (!round_zero) return { value, error };
  const nearest = rint(value);
  return {
    value: nearest,
    error: Math.max(nearest - rint(value - error), rint(value + error) - nearest),
  };
}
