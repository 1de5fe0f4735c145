import { type DType, isHalf } from '../../tensor/dtype.ts';
import { filledTensor, hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { topk as signature } from '../../vocabulary/math/topk.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Value } from '../record.ts';
import { chosenPlaces, type Row } from './chosen-places.ts';
import { groupsOf } from './reduction.ts';

type Params = ParamsOf<typeof signature>;

/** Below 0 where `a` comes before `b` as numbers ascend; a NaN is larger than all. */
function order(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return Number(a > b) - Number(a < b);
}

/** A row of x along the axis, and where it lies. */
interface PlacedRow extends Row {
  /** Where the row's elements are in x, and what is taken in the results. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

function rowsOf(x: Value, { k, axis, largest }: Params): PlacedRow[] {
  const along = (shape: Shape) => groupsOf(shape, { axes: [axis], keepdims: true }).terms;
  const to = along(takenShape(x.shape, { k, axis }));
  return along(x.shape).map((from, row) => {
    const elements = from.map((i) => x.data[i] as number);
    const ranked = elements
      .map((element, place) => ({ element, place }))
      .sort((a, b) => (largest ? order(b.element, a.element) : order(a.element, b.element)))
      .map(({ place }) => place);
    return { elements, ranked, k, from, to: to[row] as readonly number[] };
  });
}

function takenShape(x: Shape, { k, axis }: Pick<Params, 'k' | 'axis'>): Shape {
  return x.with(axis < 0 ? axis + x.length : axis, k);
}

/** The places that each row's results stand for. */
type Choice = (row: PlacedRow) => readonly number[];

/** Ours: of equal elements the first first. */
const firstFirst: Choice = ({ ranked, k }) => ranked.slice(0, k);

/** That of a party that names its places, and those of them that can be right of its results. */
function byIndices({ data }: Value, among: 'rank' | 'taken' | 'row'): Choice {
  return (row) =>
    chosenPlaces(row, { wishes: (rank) => [data[row.to[rank] as number] as number], among });
}

/**
 * That of a party that gave `there` at each element, and of it `flows` at each result: which result
 * stands for which element, by equal numbers.
 */
function byNumbers(there: Value, flows: Value, { sorted }: Params): Choice {
  return (row) => {
    // What is sorted stays among its equals.
    const key = (element: number, number: number) =>
      sorted ? `${element} ${number}` : `${number}`;
    const places = new Map<string, number[]>();
    for (const place of row.ranked.toReversed()) {
      const at = there.data[row.from[place] as number] as number;
      const own = key(row.elements[place] as number, at);
      const before = places.get(own);
      if (before) before.push(place);
      else places.set(own, [place]);
    }
    const wishes = (rank: number) => {
      const element = row.elements[row.ranked[rank] as number] as number;
      return places.get(key(element, flows.data[row.to[rank] as number] as number)) ?? [];
    };
    return chosenPlaces(row, { wishes, among: sorted ? 'rank' : 'taken' });
  };
}

/** What is taken of x, by a choice. */
function takenBy(choice: Choice, x: Value, params: Params): { values: Value; indices: Value } {
  const shape = takenShape(x.shape, params);
  const values = new Float64Array(sizeOf(shape));
  const indices = new Float64Array(sizeOf(shape));
  for (const row of rowsOf(x, params)) {
    for (const [rank, place] of choice(row).entries()) {
      const at = row.to[rank] as number;
      values[at] = row.elements[place] as number;
      indices[at] = place;
    }
  }
  return { values: { shape, data: values }, indices: { shape, data: indices } };
}

/** What flows back to x, by a choice. */
function flowingBy(choice: Choice, x: Value, params: Params, dy: Value): { x: Value } {
  const data = new Float64Array(x.data.length);
  for (const row of rowsOf(x, params)) {
    for (const [rank, place] of choice(row).entries())
      data[row.from[place] as number] = dy.data[row.to[rank] as number] as number;
  }
  return { x: { shape: x.shape, data } };
}

/** Equal, in halves too: nothing is computed. */
function copies({ dtype }: Value, right: Value): Acceptance {
  if (!dtype || !isHalf(dtype)) return { kind: 'exact' };
  return { kind: 'codes', accepts: (i, actual) => actual === right.data[i], inBand: 0 };
}

interface Draw {
  readonly level?: 'exact' | 'legal';
  readonly x: Shape;
  readonly k: number;
  readonly axis?: number;
  readonly largest?: boolean;
  /** Default few integers, so that there are ties, and at level `legal` any floats. */
  readonly values?: readonly number[];
  readonly dtype?: Extract<DType, 'i32' | 'u8' | 'i8'>;
}

function sample({
  level = 'exact',
  x,
  values,
  dtype,
  ...params
}: Draw): SampleOf<typeof signature> {
  const shape = takenShape(x, { axis: -1, ...params });
  return {
    level,
    label: {
      x: formatShape(x),
      ...params,
      ...(values ? { values: 'corners' } : {}),
      ...(dtype ? { dtype } : {}),
    },
    ...(dtype ? { integers: true } : {}),
    params,
    inputs: (random) => ({
      x: hostTensorFrom(
        dtype ?? 'f32',
        x,
        values ??
          random.fill(sizeOf(x), () =>
            level === 'exact' ? random.integer(-99, 99) : random.normal(),
          ),
      ),
    }),
    ...(dtype
      ? {}
      : {
          grads: (random) => ({
            values: filledTensor('f32', shape, () =>
              level === 'exact' ? random.integer(1, 99) : random.normal(),
            ),
          }),
        }),
  };
}

/** Values that only the bits tell apart, signs, infinities and denormals. */
const CORNERS = [
  [Number.NEGATIVE_INFINITY, -3.4e38, Number.NEGATIVE_INFINITY, -3.3e38],
  [3.4e38, Number.POSITIVE_INFINITY, 1, 2],
  [2 ** -149, 0, -(2 ** -149), 2 ** -148],
  [0, -0, -1e-30, 1e-30],
  [-1, -1.0000001, -1, 1.0000001],
].flat();

/** Integers that float32 does not tell apart, and the ends of the range. */
const NEIGHBOURS = [
  ...[16777216, 16777217, 3, 16777216],
  ...[-16777217, -16777216, -(2 ** 31), -16777216],
  ...[-(2 ** 31), -(2 ** 31), 2 ** 31 - 1, -(2 ** 31)],
];

/** torch.topk; of equal elements ours takes the first first. */
export const record = defineRecord(signature, {
  summary: 'the k largest elements of x along an axis, and where they are',
  forward: ({ x }, params) => takenBy(firstFirst, x, params),
  forwardChosen: ({ x }, { values, indices }, params) => {
    const among = params.sorted ? 'rank' : 'taken';
    if (indices) return takenBy(byIndices(indices, among), x, params);
    return takenBy(values && !params.sorted ? byNumbers(x, values, params) : firstFirst, x, params);
  },
  acceptance: ({ x }, { values }) => ({ values: copies(x, values), indices: { kind: 'exact' } }),
  vjp: ({ x }, params, { values: dy }) => flowingBy(firstFirst, x, params, dy),
  // Indices that are wrong are wrong by themselves: what flows to the places that they name is not.
  vjpChosen: ({ x }, params, { values: dy }, { outputs: { indices }, gradients }) => {
    const dx = gradients['x'];
    if (indices) return flowingBy(byIndices(indices, 'row'), x, params, dy);
    return flowingBy(dx ? byNumbers(dx, dy, params) : firstFirst, x, params, dy);
  },
  vjpAcceptance: ({ x: of }, { x }) => ({ x: copies(of, x as Value) }),
  samples: [
    sample({ x: [5, 4], k: 3, values: CORNERS }),
    sample({ x: [5, 4], k: 4, largest: false, values: CORNERS }),
    sample({ x: [4, 5], k: 5, largest: false, values: CORNERS }),
    sample({ x: [9, 9], k: 9, axis: 0 }),
    sample({ x: [3, 21, 5], k: 7, axis: -2, largest: false }),
    sample({ x: [2, 300], k: 11 }), // more than one element a lane
    sample({ x: [1], k: 1 }),
    // Rounds of several dispatches.
    { ...sample({ x: [65_537], k: 65 }), variants: ['rounds', 'sort'], tier: 'full' },
    { ...sample({ x: [2, 9000], k: 3 }), variants: ['serial'] },
    sample({ level: 'legal', x: [700, 2], k: 70, axis: 0 }),
    sample({ level: 'legal', x: [128, 5], k: 1 }),
    sample({ x: [3, 4], k: 4, values: NEIGHBOURS, dtype: 'i32' }),
    sample({ x: [3, 4], k: 2, largest: false, values: NEIGHBOURS, dtype: 'i32' }),
    sample({ x: [2, 3], k: 2, values: [0, 128, 127, 5, 255, 255], dtype: 'u8' }),
    {
      ...sample({ x: [2, 3], k: 2, values: [-128, -128, -127, 5, -1, 127], dtype: 'i8' }),
      tier: 'full',
    },
  ],
  faults: [
    {
      name: 'one too far',
      variants: ['rounds', 'serial'],
      shader: {
        file: 'math/topk',
        from: 'indices[to] = best.y;',
        to: 'indices[to] = best.y + 1u;',
      },
    },
    {
      name: 'one too far',
      variants: ['sort'],
      shader: {
        file: 'math/topk_sorted',
        from: 'indices[i] = found;',
        to: 'indices[i] = found + 1u;',
      },
    },
    {
      name: 'gradients negated',
      direction: 'backward',
      shader: {
        file: 'math/topk_backward',
        from: '= dy[i];',
        to: '= dy[i] ^ 0x80000000u;',
      },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    paramsBug('the other end', (params) => ({ ...params, largest: !params.largest })),
    paramsBug('the other axis', ({ axis, ...params }) => ({
      ...params,
      axis: axis === 0 ? -1 : 0,
    })),
  ],
});
