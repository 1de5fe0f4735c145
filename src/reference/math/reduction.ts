import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { coordinatesOf, formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import type { ReductionOp } from '../../vocabulary/math/reduction.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import type { SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { PlausibleBug, Value } from '../record.ts';

/**
 * A tensor as the elements that remain, each with the flat indices of its terms in ascending order.
 */
export interface Groups {
  readonly shape: Shape;
  /** The same with reduced dimensions of size 1. */
  readonly kept: Shape;
  readonly terms: readonly (readonly number[])[];
  /** The element to which each element of x belongs. */
  readonly owner: Int32Array;
}

/** What shape is left of x, and which of its dimensions are not. */
function shapesOf(
  x: Shape,
  { axes, keepdims }: ParamsOf<ReductionOp>,
): Pick<Groups, 'shape' | 'kept'> & { dropped: ReadonlySet<number> } {
  const dropped = new Set(axes.map((axis) => (axis < 0 ? axis + x.length : axis)));
  const kept = x.map((n, d) => (dropped.has(d) ? 1 : n));
  const rest = x.filter((_, d) => !dropped.has(d));
  return { dropped, kept, shape: keepdims ? kept : rest.length > 0 ? rest : [1] };
}

/** Sorts the elements of x by what they are reduced to. */
export function groupsOf(x: Shape, params: ParamsOf<ReductionOp>): Groups {
  const { dropped, kept, shape } = shapesOf(x, params);
  const terms = Array.from({ length: sizeOf(kept) }, (): number[] => []);
  const owner = Int32Array.from({ length: sizeOf(x) }, (_, i) => {
    const at = coordinatesOf(i, x);
    return kept.reduce((flat, n, d) => flat * n + (dropped.has(d) ? 0 : (at[d] as number)), 0);
  });
  owner.forEach((element, i) => {
    terms[element]?.push(i);
  });
  return { kept, terms, owner, shape };
}

/** A value for every element that remains, from its terms. */
export function reduced(
  { shape, terms }: Groups,
  x: Pick<Value, 'data'>,
  f: (terms: number[]) => number,
): Value {
  return {
    shape,
    data: Float64Array.from(terms, (indices) => f(indices.map((i) => x.data[i] as number))),
  };
}

/** Parts of a sample that are not drawn by rule. */
interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly x: Shape;
  readonly axes: readonly number[];
  readonly keepdims?: boolean;
  readonly element?: (random: Random) => number;
  /** Whether the gradient of the output is positive, so that roundings add up. */
  readonly positive?: boolean;
  readonly note?: string;
  readonly backward?: boolean;
}

const small = (random: Random): number => random.integer(-99, 99);
const normal = (random: Random): number => random.normal();
export const positive = (random: Random): number => random.uniform(0.5);

/** A sample of a reduction, with a gradient that flows in. */
export function reduceSample({
  level = 'legal',
  x,
  axes,
  keepdims,
  element,
  note,
  backward = true,
  ...draw
}: Draw): SampleOf<ReductionOp> {
  const params = { axes, ...(keepdims === undefined ? {} : { keepdims }) };
  const any = level === 'exact' ? small : normal;
  // The groups of a sample are sorted when it is judged: every page and worker loads all samples.
  const { shape } = shapesOf(x, { keepdims: true, ...params });
  const fill = (random: Random, of: Shape, each: (random: Random) => number) =>
    filledTensor('f32', of, () => each(random));
  return {
    level,
    label: {
      x: formatShape(x),
      axes: axes.join() || 'none',
      ...(keepdims === undefined ? {} : { keepdims }),
      ...(note ? { values: note } : {}),
    },
    params,
    inputs: (random) => ({ x: fill(random, x, element ?? any) }),
    ...(backward
      ? { grads: (random) => ({ y: fill(random, shape, draw.positive ? positive : any) }) }
      : {}),
  };
}

/**
 * Shapes of every kind: one or several axes, none, all, more terms than one invocation takes,
 * innermost axis kept or not, alternating.
 */
export function reduceSamples(
  level: 'exact' | 'legal',
  element?: (random: Random) => number,
): SampleOf<ReductionOp>[] {
  const draw = { level, ...(element ? { element } : {}) };
  return [
    reduceSample({ ...draw, x: [512, 4], axes: [1] }),
    reduceSample({ ...draw, x: [4, 4, 4], axes: [0, -1], keepdims: false }),
    reduceSample({ ...draw, x: [1], axes: [] }),
    reduceSample({ ...draw, x: [1024], axes: [0], keepdims: false }),
    reduceSample({ ...draw, x: [7, 512, 5], axes: [1] }), // shares of more than one workgroup
  ];
}

/** A sample of integers: `values` over and over along one axis that is reduced. */
export function integerSample(
  dtype: 'i32' | 'u8' | 'i8',
  x: Shape,
  axis: number,
  values: readonly number[],
): SampleOf<ReductionOp> {
  return {
    level: 'exact',
    label: { x: formatShape(x), axes: String(axis), dtype },
    integers: true,
    params: { axes: [axis] },
    inputs: () => ({
      x: filledTensor(dtype, x, (i) => values[i % values.length] as number),
    }),
  };
}

/** Plausible bugs that every reduction must see. */
export function reducePlausibleBugs<
  Params extends { readonly axes: readonly number[] } = ParamsOf<ReductionOp>,
>(): readonly PlausibleBug<Params, Readonly<Record<'x', Value>>>[] {
  return [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    paramsBug('another axis', (params) => ({
      ...params,
      axes: params.axes.map((axis) => (axis < 0 ? axis - 1 : axis + 1)),
    })),
    inputBug('last element dropped', 'x', (x, i, { data }) => (i === data.length - 1 ? 0 : x)),
  ];
}
