import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import { formatShape, type Shape } from '../../tensor/shape.ts';
import { logSoftmax as signature } from '../../vocabulary/nn/log_softmax.ts';
import { completed, type GivenParams } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, SECOND_ORDER } from '../bounds.ts';
import { defineRecord, defineSimulation, type SampleOf } from '../define.ts';
import { inputBug, paramsBug } from '../plausible-bug.ts';
import type { Depth } from '../record.ts';
import { drawTensor } from '../simulation/draw.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { rowSum } from '../simulation/sums.ts';
import { axisOf, logSoftmaxStep, storedLogSoftmax } from './softmax.steps.ts';
import { mapEach, mapRows, pick } from './softmax.ts';

/** Differences to the maximum, and the logarithm of the sum of their exponentials. */
function rowOf(x: readonly number[]): {
  readonly below: readonly number[];
  readonly logSum: number;
} {
  const max = x.reduce((a, b) => Math.max(a, b));
  const below = x.map((value) => max - value);
  return { below, logSum: Math.log(below.reduce((sum, d) => sum + Math.exp(-d), 0)) };
}

/** The logarithms of softmax, in float64. */
export const logSoftmaxOf = (x: readonly number[]): number[] => {
  const { below, logSum } = rowOf(x);
  return below.map((d) => -d - logSum);
};

/**
 * y = -d - log S, d = max - x. The logarithm errs by what S errs by, sum_j p_j c_j + gamma_c with
 * c_j = eps (3 + 3 d_j), and by itself: 2^-21 for S in [0.5, 2], else 3 units. d and y round.
 */
export function logSoftmaxBounds(x: readonly number[], depth: Depth): number[] {
  const { below, logSum } = rowOf(x);
  const weighted = below.reduce((sum, d) => {
    const p = Math.exp(-d - logSum);
    return sum + (p && p * EPS * (3 + 3 * d));
  }, 0);
  const logError = logSum <= Math.LN2 ? 2 ** -21 : 3 * EPS * logSum;
  const shared = weighted + gamma(depth(x.length)) + logError;
  return below.map((d) => (shared + EPS * d + EPS * (d + logSum)) * SECOND_ORDER);
}

const total = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);

/** What flows to x where `dy` flows to y. */
export const logSoftmaxGradient = (y: readonly number[], dy: readonly number[]): number[] =>
  dy.map((d, i) => d - Math.exp(y[i] as number) * total(dy));

/**
 * dx = dy - exp(y) G, G = sum of dy: exp takes y's error and 3 + 2|y| units, the product one; a sum
 * has one level less than of products.
 */
export function logSoftmaxGradientBounds(
  x: readonly number[],
  dy: readonly number[],
  depth: Depth,
): number[] {
  const y = logSoftmaxOf(x);
  const errors = logSoftmaxBounds(x, depth);
  const sumError = gamma(Math.max(0, depth(x.length) - 1)) * total(dy.map(Math.abs));
  const gradient = logSoftmaxGradient(y, dy);
  return y.map((value, i) => {
    const p = Math.exp(value);
    const relative = p && (errors[i] as number) + EPS * (4 + 2 * Math.abs(value));
    const size = Math.abs(total(dy)) + sumError;
    return (
      (p * (relative * size + sumError) + EPS * Math.abs(gradient[i] as number)) * SECOND_ORDER +
      FLUSH * (3 + 2 * size)
    );
  });
}

function sample(
  shape: Shape,
  params: GivenParams<typeof signature>,
  draw?: (random: Random) => number,
  values?: string,
): SampleOf<typeof signature> {
  const { axis } = completed(signature, params);
  return {
    level: 'legal',
    label: { x: formatShape(shape), axis, ...(values ? { values } : {}) },
    params,
    inputs: (random) => ({
      x: filledTensor('f32', shape, () => (draw ? draw(random) : random.normal(3))),
    }),
    grads: (random) => ({
      y: drawTensor(random, shape, values === 'large' ? 'positive' : 'normal'),
    }),
  };
}

/** torch.log_softmax. */
export const record = defineRecord(signature, {
  summary: 'y = logarithm of the softmax of x along an axis',
  forward: ({ x }, params) => ({
    y: { shape: x.shape, data: mapRows(x, params, (row) => logSoftmaxOf(pick(x, row))) },
  }),
  acceptance: ({ x }, _outputs, params, { depth }) => ({
    y: {
      kind: 'within',
      bound: mapRows(x, params, (row) => logSoftmaxBounds(pick(x, row), depth)),
    },
  }),
  foreseen: (steps, { x }, params, grads) => {
    const along = axisOf(x.shape, params.axis);
    const y = (row: readonly number[]) => storedLogSoftmax(steps, pick(x, row), along);
    if (!grads) return { y: [mapEach(x, params, y)] };
    const dy = (row: readonly number[]) => pick(grads.y, row).map(steps.exactly);
    return { x: [mapEach(x, params, (row) => logSoftmaxStep(steps, y(row), dy(row)))] };
  },
  vjp: ({ x }, params, { y: dy }) => ({
    x: {
      shape: x.shape,
      data: mapRows(x, params, (row) =>
        logSoftmaxGradient(logSoftmaxOf(pick(x, row)), pick(dy, row)),
      ),
    },
  }),
  vjpAcceptance: ({ x }, _gradients, params, { y: dy }, { depth }) => ({
    x: {
      kind: 'within',
      bound: mapRows(x, params, (row) =>
        logSoftmaxGradientBounds(pick(x, row), pick(dy, row), depth),
      ),
    },
  }),
  samples: [
    sample([128, 19], {}),
    // Rows that workgroups of 64 end with, and one element more.
    sample([3, 256], {}),
    sample([2, 257], {}),
    sample([2, 3, 2], {}),
    sample([3, 37, 5], { axis: 1 }),
    sample([11, 6], { axis: 0 }),
    sample(
      [5, 300],
      { axis: -1 },
      (random) => random.integer(0, 1) * 90 + random.normal(20),
      'far-apart',
    ),
    sample([29, 5], {}, (random) => 1e3 * random.integer(5, 9) + random.normal(), 'large'),
    // The largest of a row is its own, not that of another.
    sample([9, 1], {}, (random) => 1e3 * random.integer(5, 9) + random.normal(), 'large'),
  ],
  faults: [
    {
      name: 'one term more in the sum',
      shader: { file: 'nn/log_softmax', from: 'var sums = vec4f();', to: 'var sums = vec4f(1.0);' },
    },
    {
      name: 'the sum of the gradient dropped',
      direction: 'backward',
      shader: { file: 'nn/log_softmax_backward', from: 'NOTHING))) * sum', to: 'NOTHING))) * 0.0' },
    },
  ],
  plausibleBugs: [
    inputBug('x wrong by 2e-5', 'x', (x) => x * (1 + 2e-5)),
    paramsBug('first axis for the last', (params) => ({ ...params, axis: 0 })),
    paramsBug('last axis for another', (params) => ({ ...params, axis: -1 })),
    inputBug('base 2 for e', 'x', (x) => x * Math.LN2),
  ],
});

/** y as a variant of the kernel takes it. */
export function computedLogSoftmax(
  gpu: SimulatedGpu,
  variant: string,
  x: readonly number[],
): number[] {
  const largest = x.reduce((a, b) => Math.max(a, b));
  const powers = x.map((value) => farExp(gpu, gpu.sub(value, largest)));
  const logarithm = gpu.log(rowSum(gpu, variant, powers));
  return x.map((value) => gpu.sub(gpu.sub(value, largest), logarithm));
}

/** What flows to x, as a variant of the kernel takes it. */
export function computedLogSoftmaxGradient(
  gpu: SimulatedGpu,
  variant: string,
  x: readonly number[],
  dy: readonly number[],
): number[] {
  const sum = rowSum(gpu, variant, dy);
  const y = computedLogSoftmax(gpu, variant, x);
  return dy.map((d, i) => gpu.mulAdd(-farExp(gpu, y[i] as number), sum, d));
}

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, params, variant) => ({
    y: {
      shape: x.shape,
      data: mapRows(x, params, (row) => computedLogSoftmax(gpu, variant, pick(x, row))),
    },
  }),
  backward: (gpu, { x }, params, { y: dy }, variant) => {
    const data = mapRows(x, params, (row) =>
      computedLogSoftmaxGradient(gpu, variant, pick(x, row), pick(dy, row)),
    );
    return { x: { shape: x.shape, data } };
  },
  samples: [
    sample([31, 64], {}),
    sample([3, 1024], {}),
    sample([9, 64], {}, undefined, 'large'),
    sample([1, 4096], {}),
  ],
});
