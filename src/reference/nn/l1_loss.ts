import { l1Loss as signature } from '../../vocabulary/nn/l1_loss.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import {
  negated,
  normalPair,
  type PairTruth,
  pairLossRecord,
  pairLossSimulation,
} from './loss/pairs.ts';

/** Differences of float32 numbers have the right sign; a denormal one may be taken for 0. */
const slope = {
  f: (x: number, t: number) => Math.sign(x - t),
  error: (x: number, t: number) => (Math.abs(x - t) < 3 * FLUSH && x !== t ? 1 : 0),
  computed: (gpu: { sub(a: number, b: number): number }, x: number, t: number) =>
    Math.sign(gpu.sub(x, t)),
};

const truth: PairTruth<GivenParams<typeof signature>, ParamsOf<typeof signature>> = {
  summary: 'loss = |input - target|, reduced',
  loss: {
    f: (x, t) => Math.abs(x - t),
    error: (x, t) => EPS * Math.abs(x - t) + 3 * FLUSH,
    computed: (gpu, x, t) => Math.abs(gpu.sub(x, t)),
  },
  input: slope,
  target: negated(slope),
  draw: normalPair(),
  corners: [
    [0, 0],
    [1, 1],
    [1e-30, 0],
    [1e30, -1e30],
    [-3, 1e-7],
  ],
  params: [{}],
  exact: {},
  faults: [
    {
      name: 'one too many',
      shader: { file: 'nn/l1_loss', from: 'abs(a - b);', to: 'abs(a - b) + 1.0;' },
    },
    {
      name: 'the other sign',
      direction: 'backward',
      shader: { file: 'nn/l1_loss_backward', from: 'sign(a - b);', to: 'sign(b - a);' },
    },
  ],
  plausibleBugs: [],
};

/** torch.nn.functional.l1_loss. */
export const record = pairLossRecord(signature, truth);
export const simulation = pairLossSimulation(signature, truth);
