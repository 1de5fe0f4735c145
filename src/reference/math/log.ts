import { log as signature } from '../../vocabulary/math/log.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

/** An x that may be flushed makes anything of its logarithm and of a quotient. */
const isLost = (x: number): boolean => Math.abs(x) < FLUSH;

/** How far ln x may be off: by WGSL 2^-21 where it is near 0, else three units of it. */
export const logError = (x: number): number =>
  x >= 0.5 && x <= 2 ? 2 ** -21 : 3 * EPS * Math.abs(Math.log(x));

const truth: UnaryTruth<object, object> = {
  summary: 'y = ln x',
  f: Math.log,
  derivative: (x) => 1 / x,
  error: (x) => (isLost(x) ? Number.POSITIVE_INFINITY : logError(x)),
  gradientError: (x, dy) =>
    isLost(x)
      ? Number.POSITIVE_INFINITY
      : 2.5 * EPS * SECOND_ORDER * Math.abs(dy / x) + FLUSH * (1 + 1 / Math.abs(x)),
  computed: (gpu, x) => gpu.log(x),
  computedGradient: (gpu, x, dy) => gpu.div(dy, x),
  corners: [1, 1.0000001, 0.99999994, 2, 2.0000002, 0.5, 0.49999997, 0.06, 3, 1e4, 1e30],
  far: [1e-10, 1e-30, 2e-38, 3e38],
  drawn: Math.exp,
  params: [{}],
  faults: [
    {
      name: 'the logarithm to base 2',
      shader: { file: 'math/log_forward', from: 'return log(x)', to: 'return log2(x)' },
    },
    {
      name: 'a product for a quotient',
      direction: 'backward',
      shader: { file: 'math/log_backward', from: 'return dy / x', to: 'return dy * x * 1.5' },
    },
  ],
};

/** torch.log. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 80);
