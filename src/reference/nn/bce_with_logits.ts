import { bceWithLogits as signature } from '../../vocabulary/nn/bce_with_logits.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import type { Range, Steps } from '../foreseen.ts';
import { expError, sigmoid } from '../logistic.ts';
import { inputBug } from '../plausible-bug.ts';
import type { Value } from '../record.ts';
import { farExp } from '../simulation/far-exp.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type PairTruth, pairLossRecord, pairLossSimulation } from './loss/pairs.ts';

type Truth = PairTruth<
  GivenParams<typeof signature>,
  ParamsOf<typeof signature>,
  'weight' | 'pos_weight'
>;
type Weights = Parameters<Truth['loss']['f']>[2];

/** ln(1 + exp(x)). */
const softplus = (x: number): number => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));

/**
 * How far it may be off. Of the logarithm's argument, exp moves the share sigmoid(-|x|), and the
 * sum rounds once; the logarithm is 2^-21 off, and the sum rounds.
 */
const softplusError = (x: number): number =>
  sigmoid(-Math.abs(x)) * expError(x) + EPS + 2 ** -21 + EPS * softplus(x);

const computedSoftplus = (gpu: SimulatedGpu, x: number): number =>
  gpu.add(Math.max(x, 0), gpu.log(gpu.add(1, farExp(gpu, -Math.abs(x)))));

/**
 * How far sigmoid(x) may be off, relatively: 1 + e rounds once, its reciprocal takes 2.5 units, the
 * product with e one.
 */
const sigmoidError = (x: number): number => sigmoid(-x) * expError(x) + 4.5 * EPS;

/** sigmoid(x) and sigmoid(-x), as the kernel takes them. */
function computedSigmoids(gpu: SimulatedGpu, x: number): readonly [number, number] {
  const small = farExp(gpu, -Math.abs(x));
  const large = gpu.div(1, gpu.add(1, small));
  const other = gpu.mul(small, large);
  return x >= 0 ? [large, other] : [other, large];
}

/** What flushes may cost: a few of them, times whatever may follow. */
const flushes = (x: number, t: number, { weight, pos_weight }: Weights): number =>
  FLUSH * (1 + Math.abs(weight)) * (1 + Math.abs(t) + Math.abs(pos_weight)) * (9 + 2 * Math.abs(x));

/** The sizes of the two terms of a loss or its slope: what is asked of 1 - t and of pos_weight t. */
const sizes = (t: number, { pos_weight }: Weights) => ({
  against: Math.abs(1 - t),
  toward: Math.abs(pos_weight * t),
});

const logSigmoid = (x: number): number => -softplus(-x);

/** A slope times what flows in and the weight, over the number of pairs. */
function alongFlow(
  { stored, exactly, mul, div }: Steps,
  slope: Range,
  { weight }: Weights,
  { dloss, count }: { readonly dloss: Range; readonly count: Range },
): Range {
  const weighed = stored(mul(stored(mul(slope, dloss)), exactly(weight)));
  return stored(div(weighed, count));
}

const truth: Truth = {
  summary:
    'loss = weight (pos_weight t ln(1 + exp(-x)) + (1 - t) ln(1 + exp(x))), t = target; reduced',
  loss: {
    f: (x, t, { weight, pos_weight }) =>
      weight * (pos_weight * t * softplus(-x) + (1 - t) * softplus(x)),
    // Of each term a factor and a product round, then their sum and its product with the weight. A
    // library takes (1 - t) x + (1 + (pos_weight - 1) t) ln(1 + exp(-x)).
    error: (x, t, at, otherFormulas) => {
      const { against, toward } = sizes(t, at);
      const terms = toward * softplus(-x) + against * softplus(x);
      const inner = toward * softplusError(-x) + against * softplusError(x) + 4 * EPS * terms;
      const share = 1 + (1 + Math.abs(at.pos_weight)) * Math.abs(t);
      const others = otherFormulas ? 5 * EPS * (against * Math.abs(x) + share * softplus(-x)) : 0;
      return Math.abs(at.weight) * (inner + others) * SECOND_ORDER + flushes(x, t, at);
    },
    // torch's own formula: (1 - t) x - ln sigmoid(x) (1 + (pos_weight - 1) t), all times the weight.
    steps: [
      ({ stored, exactly, add, sub, mul, ascending }, x, t, { weight, pos_weight }) => {
        const against = stored(mul(stored(sub(exactly(1), exactly(t))), exactly(x)));
        const more = stored(mul(stored(sub(exactly(pos_weight), exactly(1))), exactly(t)));
        const log = stored(ascending(exactly(x), logSigmoid));
        const toward = stored(mul(log, stored(add(more, exactly(1)))));
        return stored(mul(stored(sub(against, toward)), exactly(weight)));
      },
    ],
    computed: (gpu, x, t, { weight, pos_weight }) =>
      gpu.mul(
        weight,
        gpu.mulAdd(
          gpu.mul(pos_weight, t),
          computedSoftplus(gpu, -x),
          gpu.mul(gpu.sub(1, t), computedSoftplus(gpu, x)),
        ),
      ),
  },
  input: {
    f: (x, t, { weight, pos_weight }) =>
      weight * ((1 - t) * sigmoid(x) - pos_weight * t * sigmoid(-x)),
    // As of the loss. A library takes (pos_weight t + 1 - t) sigmoid(x) - pos_weight t, and its
    // factor rounds at the size of its parts.
    error: (x, t, at, otherFormulas) => {
      const { against, toward } = sizes(t, at);
      const up = against * sigmoid(x);
      const down = toward * sigmoid(-x);
      const inner = up * sigmoidError(x) + down * sigmoidError(-x) + 4 * EPS * (up + down);
      const others = otherFormulas ? 5 * EPS * (1 + Math.abs(t) + toward) : 0;
      return Math.abs(at.weight) * (inner + others) * SECOND_ORDER + flushes(x, t, at);
    },
    // torch's own formula without a pos_weight and with one, from sigmoid(x).
    steps: [
      (steps, x, t, at, flow) => {
        const { stored, exactly, sub, ascending } = steps;
        const slope = stored(sub(stored(ascending(exactly(x), sigmoid)), exactly(t)));
        return alongFlow(steps, slope, at, flow);
      },
      (steps, x, t, at, flow) => {
        const { stored, exactly, add, sub, mul, ascending } = steps;
        const toward = stored(mul(exactly(at.pos_weight), exactly(t)));
        const share = stored(sub(stored(add(toward, exactly(1))), exactly(t)));
        const up = stored(mul(share, stored(ascending(exactly(x), sigmoid))));
        return alongFlow(steps, stored(sub(up, toward)), at, flow);
      },
    ],
    computed: (gpu, x, t, { weight, pos_weight }) => {
      const [up, down] = computedSigmoids(gpu, x);
      const against = gpu.mul(gpu.sub(1, t), up);
      return gpu.mul(weight, gpu.sub(against, gpu.mul(gpu.mul(pos_weight, t), down)));
    },
  },
  target: {
    f: (x, _t, { weight, pos_weight }) => weight * ((pos_weight - 1) * softplus(-x) - x),
    // Difference, product, sum and the product with the weight round. A library takes
    // pos_weight ln(1 + exp(-x)) - ln(1 + exp(x)).
    error: (x, t, at, otherFormulas) => {
      const factor = Math.abs(at.pos_weight - 1);
      const term = factor * softplus(-x);
      const inner = factor * softplusError(-x) + 4 * EPS * term + 2 * EPS * Math.abs(x);
      const parts = Math.abs(at.pos_weight) * softplus(-x) + softplus(x);
      const others = otherFormulas ? 5 * EPS * parts : 0;
      return Math.abs(at.weight) * (inner + others) * SECOND_ORDER + flushes(x, t, at);
    },
    steps: [
      (steps, x, _t, at, flow) => alongFlow(steps, steps.exactly(-x), at, flow),
      (steps, x, _t, at, flow) => {
        const { stored, exactly, sub, mul, ascending } = steps;
        const up = stored(ascending(exactly(-x), logSigmoid));
        const down = stored(ascending(exactly(x), logSigmoid));
        const slope = stored(sub(up, stored(mul(down, exactly(at.pos_weight)))));
        return alongFlow(steps, slope, at, flow);
      },
    ],
    computed: (gpu, x, _t, { weight, pos_weight }) =>
      gpu.mul(weight, gpu.sub(gpu.mul(gpu.sub(pos_weight, 1), computedSoftplus(gpu, -x)), x)),
  },
  constants: {
    names: ['weight', 'pos_weight'],
    draw: (random) => random.uniform(0.25, 4),
    samples: [
      { shape: [7, 37], constants: { weight: [7, 1], pos_weight: [37] }, reduction: 'none' },
      { shape: [7, 37], constants: { weight: [37] }, reduction: 'mean' },
      { shape: [5, 3, 7], constants: { pos_weight: [5, 1, 7] }, reduction: 'sum' },
      { shape: [8, 64], constants: { weight: [8, 64], pos_weight: [1] }, reduction: 'none' },
    ],
  },
  draw: (random) => ({ input: random.normal(3), target: random.uniform(0, 1) }),
  corners: [
    [0, 0],
    [-0, 1],
    [1e-20, 0.5],
    [20, 0],
    [20, 1],
    [-20, 0],
    [-20, 1],
    [-87.5, 1],
    [105, 1],
    [-105, 0],
    [1e30, 0.25],
    [-1e30, 0.25],
    [3, -0.5],
  ],
  params: [{}],
  faults: [
    {
      name: 'the sign of x lost',
      shader: { file: 'nn/bce_with_logits', from: 'softplus(-p.x)', to: 'softplus(p.x)' },
    },
    {
      name: 'the slope of -x',
      direction: 'backward',
      shader: {
        file: 'nn/bce_with_logits_backward_input',
        from: 'p.x >= vec4f()',
        to: 'p.x < vec4f()',
      },
    },
  ],
  plausibleBugs: [
    inputBug('weight wrong by 2e-5', 'weight', (w) => w * (1 + 2e-5)),
    inputBug('pos_weight wrong by 2e-5', 'pos_weight', (w) => w * (1 + 2e-5)),
    {
      name: 'pos_weight left out',
      apply: ({ input, target, weight }, params) => ({ inputs: { input, target, weight }, params }),
    },
    {
      name: 'a mean over the weights',
      apply: (inputs, params) => ({
        inputs:
          inputs.weight && params.reduction === 'mean'
            ? { ...inputs, weight: ofMeanOne(inputs.weight) }
            : inputs,
        params,
      }),
    },
  ],
};

function ofMeanOne(weight: Value): Value {
  const mean = weight.data.reduce((sum, w) => sum + w, 0) / weight.data.length;
  return { ...weight, data: weight.data.map((w) => w / mean) };
}

/** torch.nn.functional.binary_cross_entropy_with_logits. */
export const record = pairLossRecord(signature, truth);
export const simulation = pairLossSimulation(signature, truth);
