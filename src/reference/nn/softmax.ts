import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape, sizeOf } from '../../tensor/shape.ts';
import { softmax as signature } from '../../vocabulary/nn/softmax.ts';
import type { SoftmaxAlong } from '../../vocabulary/nn/softmax-along.ts';
import { completed, type GivenParams, type ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Depth, Value } from '../record.ts';
import { axisOf, softmaxStep, storedSoftmax } from './softmax.steps.ts';

/** Calls `visit` with the flat indices of each row along the axis. */
function eachRow(
  { shape }: Value,
  { axis }: ParamsOf<SoftmaxAlong>,
  visit: (indices: readonly number[]) => void,
): void {
  if (shape.includes(0)) return;
  const at = axis < 0 ? axis + shape.length : axis;
  const classes = shape[at] as number;
  const inner = sizeOf(shape.slice(at + 1));
  for (const row of new Array(sizeOf(shape.toSpliced(at, 1))).keys()) {
    const first = Math.floor(row / inner) * classes * inner + (row % inner);
    visit(Array.from({ length: classes }, (_, c) => first + c * inner));
  }
}

/** Exponentials of how far numbers are below the largest, in float64. */
function expsOf(x: readonly number[]): number[] {
  const max = x.reduce((a, b) => Math.max(a, b));
  return x.map((value) => Math.exp(value - max));
}

const sumOfExps = (x: readonly number[]): number => expsOf(x).reduce((a, b) => a + b, 0);

/** Softmax of numbers, in float64. */
function softmaxOf(x: readonly number[]): number[] {
  const sum = sumOfExps(x);
  return expsOf(x).map((e) => e / sum);
}

/**
 * p_i (c_i + sum_j p_j c_j + gamma_c + 2.5 eps) + 2 * 2^-126 with c_i = eps (3 + 3 (max - x_i)).
 */
function softmaxBound(x: readonly number[], p: readonly number[], depth: Depth): number[] {
  const max = x.reduce((a, b) => Math.max(a, b));
  const c = x.map((value) => EPS * (3 + 3 * (max - value)));
  // A probability that is 0 in float64 weighs nothing, however far its logit is.
  const share = p.map((pi, i) => (pi === 0 ? 0 : pi * (c[i] as number)));
  const common = share.reduce((a, b) => a + b, 0) + gamma(depth(x.length)) + 2.5 * EPS;
  return p.map((pi, i) => ((share[i] as number) + pi * common) * SECOND_ORDER + 2 * FLUSH);
}

/** What a row gives, in the order of its elements. */
export function mapEach<T>(
  x: Value,
  params: ParamsOf<SoftmaxAlong>,
  f: (indices: readonly number[]) => readonly T[],
): readonly T[] {
  const found: T[] = new Array(x.data.length);
  eachRow(x, params, (indices) => {
    const values = f(indices);
    indices.forEach((index, i) => {
      found[index] = values[i] as T;
    });
  });
  return found;
}

/** The same of numbers: values and bounds. */
export const mapRows = (...asked: Parameters<typeof mapEach<number>>): Float64Array =>
  Float64Array.from(mapEach(...asked));

/** The elements of a row, by {@link mapRows}'s indices. */
export const pick = (value: Value, indices: readonly number[]): number[] =>
  indices.map((i) => value.data[i] as number);

function gradientOf(p: readonly number[], dy: readonly number[]): number[] {
  const mean = p.reduce((sum, pi, i) => sum + pi * (dy[i] as number), 0);
  return p.map((pi, i) => pi * ((dy[i] as number) - mean));
}

/**
 * dx_i = y_i (dy_i - s), s = sum_j dy_j y_j, from an output that is already off by its own bound E:
 * |error| <= E_i |dy_i - s| + y_i (E_s + eps |dy_i - s|) + eps |dx_i|, E_s = sum_j |dy_j| E_j +
 * gamma_c sum_j |dy_j y_j|.
 */
function gradientBound(x: readonly number[], dy: readonly number[], depth: Depth): number[] {
  const p = softmaxOf(x);
  const off = softmaxBound(x, p, depth);
  const mean = p.reduce((sum, pi, i) => sum + pi * (dy[i] as number), 0);
  const levels = gamma(depth(x.length));
  const meanError = dy.reduce(
    (sum, d, i) => sum + Math.abs(d) * ((off[i] as number) + levels * (p[i] as number)) + 2 * FLUSH,
    0,
  );
  return p.map((pi, i) => {
    const rest = Math.abs((dy[i] as number) - mean);
    return (
      ((off[i] as number) * (rest + meanError) + pi * (meanError + 2 * EPS * rest)) * SECOND_ORDER +
      2 * FLUSH
    );
  });
}

const normal = (random: Random): number => random.normal(3);

/**
 * As masks leave it: a third of the numbers are near the least of float32, and so are whole rows.
 */
const masked = (random: Random): number =>
  random.integer(0, 2) === 0 ? -(2 ** 127) * random.uniform(1, 1.9) : random.normal(3);

function sample(
  shape: Shape,
  params: GivenParams<SoftmaxAlong>,
  draw = normal,
  values?: string,
): SampleOf<SoftmaxAlong> {
  const { axis } = completed(signature, params);
  return {
    level: 'legal',
    label: { x: formatShape(shape), axis, ...(values ? { values } : {}) },
    params,
    inputs: (random) => ({
      x: filledTensor('f32', shape, () => draw(random)),
    }),
    grads: (random) => ({
      y: filledTensor('f32', shape, () => random.normal()),
    }),
  };
}

/** torch.softmax. */
export const record = defineRecord(signature, {
  summary: 'y = softmax of x along an axis',
  forward: ({ x }, params) => ({
    y: { shape: x.shape, data: mapRows(x, params, (row) => softmaxOf(pick(x, row))) },
  }),
  acceptance: ({ x }, { y }, params, { depth }) => ({
    y: {
      kind: 'within',
      bound: mapRows(x, params, (row) => softmaxBound(pick(x, row), pick(y, row), depth)),
    },
  }),
  // The exponentials, none above 1, and their sum.
  intermediates: ({ x }, params, grads) =>
    grads
      ? {}
      : {
          y: {
            largest: mapRows(x, params, (row) => row.map(() => sumOfExps(pick(x, row)))),
            carried: mapRows(x, params, (row) => {
              const sum = sumOfExps(pick(x, row));
              return softmaxOf(pick(x, row)).map((y) => (1 + y * row.length) / sum);
            }),
          },
        },
  foreseen: (steps, { x }, params, grads) => {
    const along = axisOf(x.shape, params.axis);
    const y = (row: readonly number[]) => storedSoftmax(steps, pick(x, row), along);
    if (!grads) return { y: [mapEach(x, params, y)] };
    const dy = (row: readonly number[]) => pick(grads.y, row).map(steps.exactly);
    return { x: [mapEach(x, params, (row) => softmaxStep(steps, y(row), dy(row)))] };
  },
  vjp: ({ x }, params, { y: dy }) => ({
    x: {
      shape: x.shape,
      data: mapRows(x, params, (row) => gradientOf(softmaxOf(pick(x, row)), pick(dy, row))),
    },
  }),
  vjpAcceptance: ({ x }, _gradients, params, { y: dy }, { depth }) => ({
    x: {
      kind: 'within',
      bound: mapRows(x, params, (row) => gradientBound(pick(x, row), pick(dy, row), depth)),
    },
  }),
  samples: [
    sample([67, 19], {}),
    // Whole workgroups without an invocation to spare.
    sample([64, 3], {}),
    sample([1, 2], {}),
    // Rows that workgroups of 64 end with, and one element more.
    sample([3, 256], {}),
    sample([2, 257], {}),
    sample([3, 37, 5], { axis: 1 }),
    sample([11, 6], { axis: 0 }),
    sample([2, 3, 5], {}),
    sample(
      [5, 300],
      { axis: -1 },
      (random) => random.integer(0, 1) * 90 + random.normal(20),
      'far-apart',
    ),
    sample([29, 5], {}, (random) => 1e3 * random.integer(5, 9) + random.normal(), 'large'),
    // The largest of a row is its own, not that of another.
    sample([9, 1], {}, (random) => 1e3 * random.integer(5, 9) + random.normal(), 'large'),
    sample([29, 3], {}, masked, 'masked'),
  ],
  faults: [
    {
      name: 'largest element counted once more',
      shader: {
        file: 'nn/softmax',
        from: 'let sum = sum_of_row(lane, sums)',
        to: 'let sum = 1.0 + sum_of_row(lane, sums)',
      },
    },
    {
      name: 'mean of the gradient not taken away',
      direction: 'backward',
      shader: { file: 'nn/softmax_backward', from: ' - mean)', to: ' - 0.0 * mean)' },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    paramsBug('first axis for the last', (params) => ({ ...params, axis: 0 })),
    paramsBug('last axis for another', (params) => ({ ...params, axis: -1 })),
    inputBug('last element dropped', 'x', (x, i, { data }) =>
      i === data.length - 1 ? x - 1e3 : x,
    ),
    inputBug('base 2 for e', 'x', (x) => x * Math.LN2),
  ],
});
