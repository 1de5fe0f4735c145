import { smoothL1Loss as signature } from '../../vocabulary/nn/smooth_l1_loss.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { paramsBug } from '../plausible-bug.ts';
import {
  negated,
  normalPair,
  type PairTruth,
  pairLossRecord,
  pairLossSimulation,
} from './loss/pairs.ts';

type Params = ParamsOf<typeof signature>;
type Truth = PairTruth<GivenParams<typeof signature>, Params>;

/** The difference, and beta as the kernels have it. */
const argumentsOf = (x: number, t: number, params: Params) => ({
  d: x - t,
  beta: Math.fround(params.beta),
});

/** The difference and the quotient (2.5) round; of a sign nothing does, but near 0 or beta. */
const slope: Truth['input'] = {
  f: (x, t, params) => {
    const { d, beta } = argumentsOf(x, t, params);
    return Math.abs(d) < beta ? d / beta : Math.sign(d);
  },
  error: (x, t, params) => {
    const { d, beta } = argumentsOf(x, t, params);
    const size = Math.abs(d);
    if (size < 3 * FLUSH && d !== 0 && beta < 3 * FLUSH) return 1;
    const inside = size < beta * (1 + 2 * EPS) && beta > 0;
    return inside ? (3.6 * EPS * size + 6 * FLUSH) / beta + FLUSH : 0;
  },
  computed: (gpu, x, t, params) => {
    const { beta } = argumentsOf(x, t, params);
    const d = gpu.sub(x, t);
    return Math.abs(d) < beta ? gpu.div(d, beta) : Math.sign(d);
  },
};

const truth: Truth = {
  summary: 'loss = d^2 / (2 beta) where d = |input - target| < beta, and d - beta / 2 elsewhere',
  loss: {
    f: (x, t, params) => {
      const { d, beta } = argumentsOf(Math.abs(x - t), 0, params);
      return d < beta ? (0.5 * d ** 2) / beta : d - 0.5 * beta;
    },
    // Inside, d is squared with its rounding, and quotient (2.5) and product round; outside, d and
    // the difference do. At beta both sides meet with one slope.
    error: (x, t, params) => {
      const { d, beta } = argumentsOf(Math.abs(x - t), 0, params);
      if (d >= beta * (1 + 2 * EPS)) return EPS * (d + Math.abs(d - 0.5 * beta)) + 4 * FLUSH;
      return 5.6 * EPS * ((0.5 * d ** 2) / beta) + FLUSH * (6 + (6 * d) / beta);
    },
    computed: (gpu, x, t, params) => {
      const { beta } = argumentsOf(x, t, params);
      const d = Math.abs(gpu.sub(x, t));
      if (d < beta) return gpu.mul(gpu.mul(0.5, d), gpu.div(d, beta));
      return gpu.sub(d, gpu.mul(0.5, beta));
    },
  },
  input: slope,
  target: negated(slope),
  draw: normalPair(),
  corners: [
    [0, 0],
    [1, 0],
    [0, -0.5],
    [1e-15, 0],
    [1e30, -1e30],
    [-3, 1e-7],
    [2.5, 0],
  ],
  params: [{}, { beta: 0.3 }, { beta: 5 }, { beta: 0 }],
  exact: { beta: 0 },
  faults: [
    {
      name: 'a difference too large',
      shader: { file: 'nn/smooth_l1_loss', from: 'abs(a - b);', to: 'abs(a - b) + 1.0;' },
    },
    {
      name: 'the other sign',
      direction: 'backward',
      shader: { file: 'nn/smooth_l1_loss_backward', from: 'let d = a - b;', to: 'let d = b - a;' },
    },
  ],
  plausibleBugs: [
    paramsBug('beta wrong by 2e-5', (params) => ({ ...params, beta: params.beta * (1 + 2e-5) })),
  ],
};

/** torch.nn.functional.smooth_l1_loss; of beta 0 it is l1_loss. */
export const record = pairLossRecord(signature, truth);
export const simulation = pairLossSimulation(signature, truth);
