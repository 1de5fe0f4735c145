import { mseLoss as signature } from '../../vocabulary/nn/mse_loss.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import {
  negated,
  normalPair,
  type PairTruth,
  pairLossRecord,
  pairLossSimulation,
} from './loss/pairs.ts';

/** The difference rounds once, and doubling it not at all. */
const slope = {
  f: (x: number, t: number) => 2 * (x - t),
  error: (x: number, t: number) => 2 * EPS * Math.abs(x - t) + 6 * FLUSH,
  computed: (gpu: { sub(a: number, b: number): number }, x: number, t: number) => 2 * gpu.sub(x, t),
};

const truth: PairTruth<GivenParams<typeof signature>, ParamsOf<typeof signature>> = {
  summary: 'loss = (input - target)^2, reduced',
  loss: {
    f: (x, t) => (x - t) ** 2,
    // The difference is squared with its rounding, and the square rounds.
    error: (x, t) => 3.01 * EPS * (x - t) ** 2 + FLUSH * (1 + 6 * Math.abs(x - t)),
    computed: (gpu, x, t) => {
      const difference = gpu.sub(x, t);
      return gpu.mul(difference, difference);
    },
  },
  input: slope,
  target: negated(slope),
  draw: normalPair(),
  corners: [
    [0, 0],
    [1, 1],
    [1e-30, 0],
    [1e15, -1e15],
    [-3, 1e-7],
  ],
  params: [{}],
  exact: {},
  faults: [
    {
      name: 'a sum for the difference',
      shader: { file: 'nn/mse_loss', from: '(a - b) * (a - b)', to: '(a - b) * (a + b + 1.0)' },
    },
    {
      name: 'half the slope',
      direction: 'backward',
      shader: { file: 'nn/mse_loss_backward', from: '2.0 *', to: '1.0 *' },
    },
  ],
  plausibleBugs: [],
};

/** torch.nn.functional.mse_loss. */
export const record = pairLossRecord(signature, truth);
export const simulation = pairLossSimulation(signature, truth);
