import type { DType } from '../../tensor/dtype.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { topk as signature } from '../../vocabulary/math/topk.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Acceptance, Value } from '../record.ts';
import { groupsOf } from './reduction.ts';

type Params = ParamsOf<typeof signature>;

/** Below 0 where `a` comes before `b` as numbers ascend; a NaN is larger than all. */
function order(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return Number(a > b) - Number(a < b);
}

/** A row of x along the axis, and what is taken of it. */
interface Row {
  readonly elements: readonly number[];
  /** Places in the row, in order; of equal elements the first comes first. */
  readonly taken: readonly number[];
  /** Where the row's elements are in x, and what is taken in the results. */
  readonly from: readonly number[];
  readonly to: readonly number[];
}

function rowsOf(x: Value, { k, axis, largest }: Params): Row[] {
  const along = (shape: Shape) => groupsOf(shape, { axes: [axis], keepdims: true }).terms;
  const to = along(takenShape(x.shape, { k, axis }));
  return along(x.shape).map((from, row) => {
    const elements = from.map((i) => x.data[i] as number);
    const ranked = elements
      .map((element, place) => ({ element, place }))
      .sort((a, b) => (largest ? order(b.element, a.element) : order(a.element, b.element)));
    const taken = ranked.slice(0, k).map(({ place }) => place);
    return { elements, taken, from, to: to[row] as readonly number[] };
  });
}

function takenShape(x: Shape, { k, axis }: Pick<Params, 'k' | 'axis'>): Shape {
  return x.with(axis < 0 ? axis + x.length : axis, k);
}

/** A result with a number of each row's own at each of its places. */
function assembled(
  shape: Shape,
  rows: readonly Row[],
  places: (row: Row) => readonly number[],
  f: (row: Row) => readonly number[],
): Value {
  const data = new Float64Array(sizeOf(shape));
  for (const row of rows) {
    const numbers = f(row);
    for (const [i, at] of places(row).entries()) data[at] = numbers[i] as number;
  }
  return { shape, data };
}

/** Elements of a row that are equal: their places, and the ranks of those that are taken. */
interface Equals {
  readonly places: number[];
  readonly ranks: number[];
}

function equalsOf({ elements, taken }: Row): ReadonlyMap<number, Equals> {
  // To a map zeros are equal, and so is what is no number.
  const found = new Map<number, Equals>();
  for (const [place, element] of elements.entries()) {
    const equals = found.get(element) ?? { places: [], ranks: [] };
    equals.places.push(place);
    found.set(element, equals);
  }
  for (const [rank, place] of taken.entries())
    found.get(elements[place] as number)?.ranks.push(rank);
  return found;
}

/** The numbers that are right for each element. */
type Right = ReadonlySet<number>[];

/**
 * What is right where torch leaves the order open: that of equal elements, and without `sorted` that
 * of all. An index is judged by the value that it names, a gradient by what flows into values equal
 * to its element: 0 too, where not all elements that are equal to it are taken.
 */
function alternatives(rows: readonly Row[], { sorted }: Params, dy?: Value) {
  const right: Record<'values' | 'indices' | 'gradients', Right> = {
    values: [],
    indices: [],
    gradients: [],
  };
  for (const row of rows) {
    const equals = equalsOf(row);
    const all = [...equals].filter(([, { ranks }]) => ranks.length > 0);
    const anyRank = {
      values: new Set(all.map(([value]) => value)),
      indices: new Set(all.flatMap(([, { places }]) => places)),
    };
    for (const [value, { places, ranks }] of equals) {
      const own = sorted ? { values: new Set([value]), indices: new Set(places) } : anyRank;
      for (const rank of ranks) {
        right.values[row.to[rank] as number] = own.values;
        right.indices[row.to[rank] as number] = own.indices;
      }
      if (!dy) continue;
      const into = sorted || ranks.length === 0 ? ranks : row.taken.keys();
      const flowing = Array.from(into, (rank) => dy.data[row.to[rank] as number] as number);
      const gradients = new Set(ranks.length < places.length ? [...flowing, 0] : flowing);
      for (const place of places) right.gradients[row.from[place] as number] = gradients;
    }
  }
  return right;
}

function anyOf(right: Right): Acceptance {
  const inBand = right.filter(({ size }) => size > 1).length;
  if (inBand === 0) return { kind: 'exact' };
  return { kind: 'codes', inBand, accepts: (i, y) => right[i]?.has(y) === true };
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
            values: hostTensorFrom(
              'f32',
              shape,
              random.fill(sizeOf(shape), () =>
                level === 'exact' ? random.integer(1, 99) : random.normal(),
              ),
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
  forward: ({ x }, params) => {
    const rows = rowsOf(x, params);
    const shape = takenShape(x.shape, params);
    return {
      values: assembled(
        shape,
        rows,
        ({ to }) => to,
        ({ taken, elements }) => taken.map((place) => elements[place] as number),
      ),
      indices: assembled(
        shape,
        rows,
        ({ to }) => to,
        ({ taken }) => taken,
      ),
    };
  },
  acceptance: ({ x }, _outputs, params) => {
    const { values, indices } = alternatives(rowsOf(x, params), params);
    return { values: anyOf(values), indices: anyOf(indices) };
  },
  vjp: ({ x }, params, { values: dy }) => ({
    x: assembled(
      x.shape,
      rowsOf(x, params),
      ({ taken, from }) => taken.map((place) => from[place] as number),
      ({ to }) => to.map((at) => dy.data[at] as number),
    ),
  }),
  vjpAcceptance: ({ x }, _gradients, params, { values: dy }) => ({
    x: anyOf(alternatives(rowsOf(x, params), params, dy).gradients),
  }),
  samples: [
    sample({ x: [5, 4], k: 3, values: CORNERS }),
    sample({ x: [5, 4], k: 4, largest: false, values: CORNERS }),
    sample({ x: [9, 9], k: 9, axis: 0 }),
    sample({ x: [3, 21, 5], k: 7, axis: -2, largest: false }),
    sample({ x: [2, 300], k: 11 }), // more than one element a lane
    sample({ x: [1], k: 1 }),
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
      shader: { file: 'math/topk', from: 'indices[to] = found;', to: 'indices[to] = next;' },
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
