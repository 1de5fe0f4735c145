import { exp as signature } from '../../vocabulary/math/exp.ts';
import { EPS, FLUSH, overflows, SECOND_ORDER } from '../bounds.ts';
import { expError, vanishes } from '../logistic.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

/**
 * How far y may be off: 3 + 2|x| units in its last place, which far below 0 is that of denormals.
 * What is below the smallest normal number may be flushed.
 */
function error(x: number): number {
  const y = Math.exp(x);
  if (overflows(y)) return Number.POSITIVE_INFINITY;
  const size = Math.max(y, FLUSH);
  return size * expError(x) * SECOND_ORDER + FLUSH + (vanishes(x) ? y : 0);
}

const truth: UnaryTruth<object, object> = {
  summary: 'y = e^x',
  f: Math.exp,
  derivative: Math.exp,
  error,
  // A product with y.
  gradientError: (x, dy) => {
    const size = Math.abs(dy);
    return size * (error(x) + EPS * Math.exp(x)) * SECOND_ORDER + FLUSH * (1 + Math.exp(x) + size);
  },
  // It is y that libraries keep.
  between: Math.exp,
  gradientSteps: [
    ({ stored, exactly, exp, mul }, x, dy) => stored(mul(exactly(dy), stored(exp(exactly(x))))),
  ],
  computed: (gpu, x) => gpu.exp(x),
  computedGradient: (gpu, x, dy) => gpu.mul(dy, gpu.exp(x)),
  corners: [0, -0, 1, -1, 1e-30, -1e-30, 0.5, 20, -20, 86, -87.3, -87.5, -104, -105, -1e4, -1e30],
  params: [{}],
  faults: [
    {
      name: 'the sign of x lost',
      shader: { file: 'math/exp_forward', from: 'return exp(x)', to: 'return exp(-x)' },
    },
    {
      name: 'the slope of -x',
      direction: 'backward',
      shader: { file: 'math/exp_backward', from: 'dy * exp(x)', to: 'dy * exp(-x)' },
    },
  ],
};

/** torch.exp. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 84);
