import type { Random } from '../../tensor/random.ts';
import { logsumexp as signature } from '../../vocabulary/math/logsumexp.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, gamma, IN_ANY_ORDER, overflows, SECOND_ORDER, sumLevels } from '../bounds.ts';
import { defineRecord, defineSimulation } from '../define.ts';
import type { Foreseen, Range, Steps } from '../foreseen.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Arithmetic, Depth, Value } from '../record.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { sharedSum } from '../simulation/sums.ts';
import { around } from '../steps.ts';
import {
  groupsOf,
  positive,
  reduced,
  reducePlausibleBugs,
  reduceSample,
  reduceSamples,
} from './reduction.ts';

type Params = ParamsOf<typeof signature>;

const largestOf = (terms: readonly number[]): number => terms.reduce((a, b) => Math.max(a, b));

/** The largest term, the logarithm of the sum of exp(x - largest), and how far that sum is off. */
function partsOf(
  terms: readonly number[],
  depth: Depth,
): { readonly largest: number; readonly logSum: number; readonly sumError: number } {
  const largest = largestOf(terms);
  const below = terms.map((x) => largest - x);
  const sum = below.reduce((total, d) => total + Math.exp(-d), 0);
  // What may overflow on the way is not judged.
  const far = overflows(below.reduce((a, b) => Math.max(a, b)));
  const weighted = below.reduce((total, d) => {
    const p = Math.exp(-d) / sum;
    return total + (p && p * EPS * (3 + 3 * d));
  }, 0);
  const sumError = weighted + gamma(sumLevels(terms.length, depth)) + FLUSH * terms.length;
  return { largest, logSum: Math.log(sum), sumError: far ? Number.POSITIVE_INFINITY : sumError };
}

const NO_DEPTH: Depth = () => 0;

/** Of nothing but -inf it is -inf, as torch has it. */
function logsumexpOf(terms: readonly number[]): number {
  if (largestOf(terms) === Number.NEGATIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  const { largest, logSum } = partsOf(terms, NO_DEPTH);
  return largest + logSum;
}

/**
 * y = max + log S. S errs by sum_j p_j c_j + gamma of its levels with c_j = eps (3 + 3 (max -
 * x_j)), the logarithm by that and by itself: 2^-21 for S in [0.5, 2], 3 units beyond. y rounds.
 */
function errorOf(terms: readonly number[], depth: Depth): number {
  const { largest, logSum, sumError } = partsOf(terms, depth);
  const itself = Math.max(logSum < 0.7 ? 2 ** -21 : 0, 3 * EPS * logSum);
  return (sumError + itself + EPS * Math.abs(largest + logSum)) * SECOND_ORDER;
}

/** dy p of every element, p = exp(x - y). */
function gradientOf(x: Value, params: Params, { data: dy }: Value): Value {
  const groups = groupsOf(x.shape, params);
  const y = reduced(groups, x, logsumexpOf).data;
  const data = x.data.map((value, i) => {
    const element = groups.owner[i] as number;
    return (dy[element] as number) * Math.exp(value - (y[element] as number));
  });
  return { shape: x.shape, data };
}

/**
 * Of p = exp(x - y) the exponential takes the errors of y and of the difference, and 3 + 2 |x - y|
 * units; as it is at most 1, it is no more than 1 off. The product takes a unit.
 */
function gradientBound(
  x: Value,
  params: Params,
  { data: dy }: Value,
  { depth }: Arithmetic,
): Float64Array {
  const groups = groupsOf(x.shape, params);
  const y = reduced(groups, x, logsumexpOf).data;
  const off = reduced(groups, x, (terms) => errorOf(terms, depth)).data;
  return x.data.map((value, i) => {
    const element = groups.owner[i] as number;
    const error = off[element] as number;
    const below = (y[element] as number) - value + error;
    const p = Math.exp(value - (y[element] as number));
    const relative = Math.expm1(error + EPS * (3 + 3 * below));
    const offOfP = Math.min(1, p && p * relative) + EPS * p;
    return Math.abs(dy[element] as number) * (offOfP * SECOND_ORDER + FLUSH) + FLUSH;
  });
}

/** torch's gradient, step by step: dy exp(x - y), from y as it was stored. */
function foreseenGradient(
  { stored, exactly, sub, exp, mul }: Steps,
  x: Value,
  params: Params,
  { data: dy }: Value,
): Foreseen {
  const groups = groupsOf(x.shape, params);
  const y = groups.terms.map((indices) => {
    const terms = indices.map((i) => x.data[i] as number);
    return stored(around(logsumexpOf(terms), errorOf(terms, IN_ANY_ORDER.depth)));
  });
  return Array.from(x.data, (value, i) => {
    const element = groups.owner[i] as number;
    const share = stored(exp(stored(sub(exactly(value), y[element] as Range))));
    return stored(mul(exactly(dy[element] as number), share));
  });
}

/** As masks leave it: a third of the numbers are near the least of float32. */
const masked = (random: Random): number =>
  random.integer(0, 2) === 0 ? -(2 ** 127) * random.uniform(1, 1.9) : random.normal(3);
const far = (random: Random): number => random.integer(0, 1) * 90 + random.normal(20);
const large = (random: Random): number => 1e3 * random.integer(5, 9) + random.normal();

/** torch.logsumexp. */
export const record = defineRecord(signature, {
  summary: 'y = logarithm of the sum of exp(x) along axes',
  unsupported: ({ x }, params) =>
    groupsOf(x.shape, params).terms.some((terms) => terms.length === 0)
      ? 'the logarithm of a sum over no elements'
      : undefined,
  forward: ({ x }, params) => ({ y: reduced(groupsOf(x.shape, params), x, logsumexpOf) }),
  acceptance: ({ x }, _outputs, params, { depth }) => ({
    y: {
      kind: 'within',
      bound: reduced(groupsOf(x.shape, params), x, (terms) => errorOf(terms, depth)).data,
    },
  }),
  foreseen: (steps, { x }, params, grads) =>
    grads ? { x: [foreseenGradient(steps, x, params, grads.y)] } : {},
  vjp: ({ x }, params, grads) => ({ x: gradientOf(x, params, grads.y) }),
  vjpAcceptance: ({ x }, _gradients, params, grads, arithmetic) => ({
    x: { kind: 'within', bound: gradientBound(x, params, grads.y, arithmetic) },
  }),
  samples: [
    ...reduceSamples('legal'),
    reduceSample({ x: [5, 300], axes: [-1], element: far, note: 'far-apart' }),
    reduceSample({ x: [29, 3], axes: [0], keepdims: false, element: masked, note: 'masked' }),
    { ...reduceSample({ x: [7, 13], axes: [1], element: large, note: 'large' }), tier: 'full' },
  ],
  faults: [
    {
      name: 'one term more in the sum',
      shader: { file: 'math/logsumexp', from: 'log(sum);', to: 'log(sum + 1.0);' },
    },
    {
      name: 'a gradient that is one too large',
      direction: 'backward',
      shader: { file: 'math/mul', from: 'return a * b;', to: 'return a * b + 1.0;' },
    },
  ],
  plausibleBugs: [
    ...reducePlausibleBugs(),
    inputBug('base 2 for e', 'x', (x) => x * Math.LN2),
    inputBug('largest term of -x', 'x', (x) => -x),
  ],
});

function computed(gpu: SimulatedGpu, terms: readonly number[]): number {
  const largest = largestOf(terms);
  const sum = sharedSum(
    gpu,
    terms.map((x) => below(gpu, x, largest)),
  );
  return gpu.add(largest, gpu.log(sum));
}

const below = (gpu: SimulatedGpu, x: number, top: number): number =>
  farExp(gpu, Math.min(0, gpu.sub(x, top)));

export const simulation = defineSimulation(signature, {
  forward: (gpu, { x }, params) => ({
    y: reduced(groupsOf(x.shape, params), x, (terms) => computed(gpu, terms)),
  }),
  backward: (gpu, { x }, params, { y: { data: dy } }) => {
    const groups = groupsOf(x.shape, params);
    const y = reduced(groups, x, (terms) => computed(gpu, terms)).data;
    const data = x.data.map((value, i) => {
      const element = groups.owner[i] as number;
      return gpu.mul(below(gpu, value, y[element] as number), dy[element] as number);
    });
    return { x: { shape: x.shape, data } };
  },
  samples: [
    reduceSample({ x: [31, 250], axes: [1], positive: true, note: 'positive' }),
    reduceSample({ x: [3000, 2], axes: [0], element: positive, positive: true, note: 'near' }),
    reduceSample({ x: [300, 2], axes: [1], element: far, note: 'far-apart' }),
    reduceSample({ x: [300, 2], axes: [1], element: large, note: 'large' }),
    reduceSample({ x: [64, 3], axes: [1], element: masked, note: 'masked' }),
  ],
});
