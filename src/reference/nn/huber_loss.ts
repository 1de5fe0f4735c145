import { huberLoss as signature } from '../../vocabulary/nn/huber_loss.ts';
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

/** The difference, and delta as the kernels have it. */
const argumentsOf = (x: number, t: number, params: Params) => ({
  d: x - t,
  delta: Math.fround(params.delta),
});

/** The difference rounds once. */
const slope: Truth['input'] = {
  f: (x, t, params) => {
    const { d, delta } = argumentsOf(x, t, params);
    return Math.min(Math.max(d, -delta), delta);
  },
  error: (x, t) => EPS * Math.abs(x - t) + 3 * FLUSH,
  computed: (gpu, x, t, params) => {
    const { delta } = argumentsOf(x, t, params);
    return Math.min(Math.max(gpu.sub(x, t), -delta), delta);
  },
};

const truth: Truth = {
  summary: 'loss = d^2 / 2 where d = |input - target| < delta, and delta (d - delta / 2) elsewhere',
  loss: {
    f: (x, t, params) => {
      const { d, delta } = argumentsOf(Math.abs(x - t), 0, params);
      return d < delta ? 0.5 * d ** 2 : delta * (d - 0.5 * delta);
    },
    // d, the difference and the product round; all of them at the size of the loss or its double.
    error: (x, t, params) => {
      const { d, delta } = argumentsOf(Math.abs(x - t), 0, params);
      const reach = Math.min(d, delta);
      return 1.01 * EPS * (reach * d + 2 * reach * d) + FLUSH * (3 + 6 * reach);
    },
    computed: (gpu, x, t, params) => {
      const { delta } = argumentsOf(x, t, params);
      const d = Math.abs(gpu.sub(x, t));
      const reach = Math.min(d, delta);
      return gpu.mul(reach, gpu.sub(d, gpu.mul(0.5, reach)));
    },
  },
  input: slope,
  target: negated(slope),
  draw: normalPair(),
  corners: [
    [0, 0],
    [1, 0],
    [0, -0.5],
    [1e-20, 0],
    [1e30, -1e30],
    [-3, 1e-7],
    [2.5, 0],
  ],
  params: [{ delta: 2 }, {}, { delta: 0.3 }],
  exact: { delta: 2 },
  faults: [
    {
      name: 'a difference too large',
      shader: { file: 'nn/huber_loss', from: 'abs(a - b);', to: 'abs(a - b) + 1.0;' },
    },
    {
      name: 'the other sign',
      direction: 'backward',
      shader: { file: 'nn/huber_loss_backward', from: 'clamp(a - b,', to: 'clamp(b - a,' },
    },
  ],
  plausibleBugs: [
    paramsBug('delta wrong by 2e-5', (params) => ({
      ...params,
      delta: params.delta * (1 + 2e-5),
    })),
  ],
};

/** torch.nn.functional.huber_loss. */
export const record = pairLossRecord(signature, truth);
export const simulation = pairLossSimulation(signature, truth);
