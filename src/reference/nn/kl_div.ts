import { klDiv as signature } from '../../vocabulary/nn/kl_div.ts';
import type { GivenParams, ParamsOf } from '../../vocabulary/signature.ts';
import { EPS, FLUSH } from '../bounds.ts';
import type { Range, Steps } from '../foreseen.ts';
import { expError } from '../logistic.ts';
import { paramsBug } from '../plausible-bug.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type PairTruth, pairLossRecord, pairLossSimulation } from './loss/pairs.ts';

type Params = ParamsOf<typeof signature>;
type Truth = PairTruth<GivenParams<typeof signature>, Params>;

/** The probability that a target stands for, its logarithm, and how far each may be off. */
function probabilityOf(target: number, { log_target }: Params) {
  if (log_target) {
    const p = Math.exp(target);
    return { p, log: target, pError: p * expError(target) + 2 * FLUSH, logError: 0 };
  }
  const log = Math.log(target);
  const logError = target >= 0.5 && target <= 2 ? 2 ** -21 : 3 * EPS * Math.abs(log);
  return { p: target, log, pError: 0, logError };
}

function computedOf(gpu: SimulatedGpu, target: number, { log_target }: Params) {
  return log_target
    ? { p: gpu.exp(Math.max(target, -104)), log: target }
    : { p: target, log: gpu.log(target) };
}

/** torch's xlogy, whose logarithm is stored or is not. */
const timesLog = ({ stored, mul, log, either }: Steps, a: Range, b: Range): Range =>
  either(stored(mul(a, log(b))), stored(mul(a, stored(log(b)))));

const truth: Truth = {
  summary: 'loss = p (log p - input) where target is p, or its logarithm; reduced',
  loss: {
    f: (x, t, params) => {
      const { p, log } = probabilityOf(t, params);
      return p === 0 ? 0 : p * (log - x);
    },
    // The logarithm, the difference and the product round; a library multiplies out.
    error: (x, t, params, otherFormulas) => {
      const { p, log, pError, logError } = probabilityOf(t, params);
      if (p === 0) return 0;
      const apart = Math.abs(log - x);
      const own = p * (logError + 2.01 * EPS * apart) + pError * apart + FLUSH * (2 + apart);
      return otherFormulas ? own + 3 * EPS * p * (Math.abs(log) + Math.abs(x)) : own;
    },
    steps: [
      (steps, x, t, { log_target }) => {
        const { stored, exactly, sub, mul, exp } = steps;
        const target = exactly(t);
        if (log_target) return stored(mul(stored(exp(target)), stored(sub(target, exactly(x)))));
        const entropy = t === 0 ? target : timesLog(steps, target, target);
        return stored(sub(entropy, stored(mul(target, exactly(x)))));
      },
    ],
    computed: (gpu, x, t, params) => {
      const { p, log } = computedOf(gpu, t, params);
      return p === 0 ? 0 : gpu.mul(p, gpu.sub(log, x));
    },
  },
  input: {
    f: (_x, t, params) => -probabilityOf(t, params).p,
    error: (_x, t, params) => probabilityOf(t, params).pError + FLUSH,
    steps: [
      ({ stored, exactly, mul, div, neg, exp }, _x, t, { log_target }, { dloss, count }) => {
        const p = log_target ? stored(exp(exactly(t))) : exactly(t);
        return stored(mul(neg(stored(div(dloss, count))), p));
      },
    ],
    computed: (gpu, _x, t, params) => -computedOf(gpu, t, params).p,
  },
  target: {
    f: (x, t, params) => {
      const { p, log } = probabilityOf(t, params);
      return (params.log_target ? p : 1) * (log - x + 1);
    },
    // Difference and sum round, and the product with p where target is a logarithm.
    error: (x, t, params, otherFormulas) => {
      const { p, log, pError, logError } = probabilityOf(t, params);
      const slope = Math.abs(log - x + 1);
      const parts = otherFormulas ? 3 * (Math.abs(log) + Math.abs(x) + 1) : 0;
      const rounding = logError + EPS * (Math.abs(log - x) + slope + parts);
      if (!params.log_target) return rounding;
      return p * (rounding + EPS * slope) + pError * slope + FLUSH * (2 + slope);
    },
    // The parts of a product each by itself; of one that was t ln t the two of its factors first.
    steps: [
      (steps, x, t, params, flow) => {
        const { stored, exactly, add, sub, mul, div, exp, neg } = steps;
        const { dloss, count } = flow;
        const target = exactly(t);
        const g = stored(div(dloss, count));
        if (params.log_target) {
          const p = stored(exp(target));
          const own = stored(mul(stored(mul(g, stored(sub(target, exactly(x))))), p));
          return stored(add(stored(mul(g, p)), own));
        }
        const toFactor = stored(div(stored(mul(g, target)), target));
        const entropy = stored(add(timesLog(steps, g, target), toFactor));
        return stored(add(entropy, stored(mul(neg(g), exactly(x)))));
      },
    ],
    computed: (gpu, x, t, params) => {
      const { p, log } = computedOf(gpu, t, params);
      const slope = gpu.add(gpu.sub(log, x), 1);
      return params.log_target ? gpu.mul(p, slope) : slope;
    },
  },
  draw: (random, { log_target = false }) => {
    const log = -random.uniform(0.1, 3);
    return { input: -Math.abs(random.normal(3)), target: log_target ? log : Math.exp(log) };
  },
  // Read as probabilities and as logarithms.
  corners: [
    [-1, 0],
    [-30, 0],
    [0, 1],
    [-1e-4, 1],
    [-87, 0.5],
    [-2, 1e-30],
    [-0.7, 2],
  ],
  params: [{}, { log_target: true, reduction: 'batchmean' }],
  faults: [
    {
      name: 'one too many',
      shader: { file: 'nn/kl_div', from: 'p * (log_p - a)', to: 'p * (log_p - a) + 1.0' },
    },
    {
      name: 'the logarithm alone',
      direction: 'backward',
      shader: { file: 'nn/kl_div_backward_target', from: '(log_p - a) + 1.0', to: 'log_p - a' },
    },
  ],
  plausibleBugs: [
    paramsBug('the other kind of target', (params) => ({
      ...params,
      log_target: !params.log_target,
    })),
  ],
};

/** torch.nn.functional.kl_div; where target is 0 its gradient is not a number. */
export const record = pairLossRecord(signature, truth);
export const simulation = pairLossSimulation(signature, truth);
