import { PADDING, type UniformField, u32 } from '../../gpu/shader.ts';
import { ShapeError } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { ReductionOp } from '../../vocabulary/math/reduction.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { type Axis, axisFields, axisOf, denseStrides, walk } from './axes.ts';

/**
 * Terms that one invocation adds at most; what has more is shared out, and the shares are added by
 * a pass of their own.
 */
const TERMS = 256;

/** Shares into which `terms` terms are divided. */
export function partsOf(terms: number): number {
  return Math.max(1, Math.ceil(terms / TERMS));
}

/**
 * The c of a sum of `terms` products: additions of one invocation, pass by pass, a level for each
 * pass but the last, and the product.
 */
export function chunkedDepth(terms: number): number {
  const parts = partsOf(terms);
  return parts === 1 ? terms : Math.ceil(terms / parts) + chunkedDepth(parts);
}

/** What a reducing kernel walks: the elements that remain, and the terms of each. */
export interface Reduction {
  readonly count: number;
  readonly terms: number;
  readonly kept: readonly Axis[];
  readonly reduced: readonly Axis[];
  /** Whether the innermost axis of x stays. */
  readonly innerKept: boolean;
}

/** The reduction of a dense tensor of `shape` along the dimensions for which `drops` is true. */
export function reductionOf(shape: Shape, drops: (dimension: number) => boolean): Reduction {
  const strides = denseStrides(shape);
  const side = (reduced: boolean) => {
    const dimensions = shape.map((_, d) => d).filter((d) => drops(d) === reduced);
    const sizes = dimensions.map((d) => shape[d] as number);
    return {
      size: sizeOf(sizes),
      axes: walk(sizes, [dimensions.map((d) => strides[d] as number)]),
    };
  };
  const kept = side(false);
  const reduced = side(true);
  return {
    count: kept.size,
    terms: reduced.size,
    kept: kept.axes,
    reduced: reduced.axes,
    innerKept: kept.axes[0]?.strides[0] === 1,
  };
}

/**
 * The reduction of the shares that a pass left, of `width` words each, to the elements themselves.
 */
export function reductionOfParts(
  count: number,
  parts: number,
  innerKept: boolean,
  width = 1,
): Reduction {
  const [own, next] = innerKept ? [width, count * width] : [parts * width, width];
  const kept = [{ size: count, strides: [own] }];
  const reduced = [{ size: parts, strides: [next] }];
  return { count, terms: parts, kept, reduced, innerKept };
}

/** The reduction that takes four terms for one, where they lie beside each other in whole fours. */
export function reductionOfFours({
  terms,
  kept,
  reduced,
  ...others
}: Reduction): Reduction | undefined {
  const [inner, ...outer] = reduced;
  if (inner?.strides[0] !== 1 || inner.size % 4 !== 0) return undefined;
  const far = ({ size, strides: [stride = 0] }: Axis): Axis => ({ size, strides: [stride / 4] });
  return {
    ...others,
    terms: terms / 4,
    kept: kept.map(far),
    reduced: [{ size: inner.size / 4, strides: [1] }, ...outer.map(far)],
  };
}

/** Terms of a run that are worth finding its place for. */
const LONG_RUN = 16;

/**
 * Which terms a share has: every n-th of n shares, so that neighbours read neighbours; terms that
 * follow each other where those along the innermost axis are too few for that.
 */
function sharesOf({ terms, reduced }: Reduction): { apart: number; step: number; reach: number } {
  const parts = partsOf(terms);
  if (reduced.length <= 1 || (reduced[0]?.size ?? 0) >= LONG_RUN * parts)
    return { apart: 1, step: parts, reach: terms };
  const share = Math.ceil(terms / parts);
  return { apart: share, step: 1, reach: share };
}

/**
 * A reducing kernel's uniform struct; the scale of the result, where it has one, lies between what
 * it counts.
 */
export function reductionFields(
  what: string,
  reduction: Reduction,
  scale: UniformField = PADDING,
): UniformField[] {
  const { count, terms, kept, reduced } = reduction;
  const { apart, step, reach } = sharesOf(reduction);
  return [
    ...[count, terms, partsOf(terms), kept.length].map(u32),
    scale,
    ...[apart, step, reach].map(u32),
    ...axisFields(what, [...kept, ...reduced]),
  ];
}

/**
 * The dimensions to reduce as a predicate, and the result's shape. Throws {@link ShapeError} for an
 * axis that is not there or there twice.
 */
export function reducedShape(
  what: string,
  x: Shape,
  { axes, keepdims }: ParamsOf<ReductionOp>,
): { drops: (d: number) => boolean; shape: Shape; kept: Shape } {
  const dropped = new Set(axes.map((axis) => axisOf(what, axis, x)));
  if (dropped.size !== axes.length)
    throw new ShapeError(
      `${what}: an axis of [${axes.join(', ')}] of ${formatShape(x)} is named twice`,
    );
  const drops = (d: number) => dropped.has(d);
  const kept = x.map((n, d) => (drops(d) ? 1 : n));
  const rest = x.filter((_, d) => !drops(d));
  return { drops, kept, shape: keepdims ? kept : rest.length > 0 ? rest : [1] };
}
