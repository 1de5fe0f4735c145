import { tanh as signature } from '../../vocabulary/math/tanh.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { expError, sigmoid, vanishes } from '../logistic.ts';
import { farExp } from '../simulation/far-exp.ts';
import { computedOdd, type OddQuotient, oddError, oddQuotient } from './odd-quotient.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

const NEAR: OddQuotient = { k: Math.fround(1 / 15), n: [945, 105], m: [63, 28] };
const isNear = (x: number): boolean => Math.abs(x) < 1;

/**
 * How far y may be off: near 0 as the quotient and what it is nearest to. Farther, with e =
 * exp(-2|x|), d ln((1 - e) / (1 + e)) is 2 e / (1 - e^2) d ln e; sum and difference round once, the
 * quotient takes 2.5 units.
 */
function error(x: number): number {
  const y = Math.tanh(x);
  const e = Math.exp(-2 * Math.abs(x));
  const own = isNear(x)
    ? Math.abs(y) * oddError(NEAR, x) + Math.abs(oddQuotient(NEAR, x) - y)
    : Math.abs(y) * (((2 * e) / (1 - e * e)) * expError(2 * x) + 4.5 * EPS);
  return own * SECOND_ORDER + 2 * FLUSH;
}

/** 1 - tanh(x)^2. */
const slope = (x: number): number => 4 * sigmoid(2 * x) * sigmoid(-2 * x);

/**
 * dy * (4 e l l), l = 1 / (1 + e): d ln(e l l) = tanh|x| d ln e, two times 3.5 units of l, three
 * products.
 */
function gradientError(x: number, dy: number): number {
  const size = Math.abs(dy) * slope(x);
  const inner = Math.tanh(Math.abs(x)) * expError(2 * x) + (2 * 3.5 + 3) * EPS;
  const lost = vanishes(-2 * Math.abs(x)) ? size : 0;
  return size * inner * SECOND_ORDER + FLUSH * (2 + 6 * Math.abs(dy)) + lost;
}

const truth: UnaryTruth<object, object> = {
  summary: 'y = tanh x',
  f: Math.tanh,
  derivative: slope,
  error,
  ownGradientError: gradientError,
  // Who takes dy * (1 - y^2) by its definition loses twice what y has lost, and rounds a square and
  // a difference at the size of 1.
  gradientError: (x, dy) =>
    gradientError(x, dy) +
    Math.abs(dy) * (2 * Math.abs(Math.tanh(x)) * error(x) + 2 * EPS) * SECOND_ORDER,
  // torch's tanh_backward, from y as it was stored.
  gradientSteps: [
    ({ stored, exactly, ascending, mul, sub }, x, dy) => {
      const y = stored(ascending(exactly(x), Math.tanh));
      return stored(mul(exactly(dy), sub(exactly(1), mul(y, y))));
    },
  ],
  computed: (gpu, x) => {
    if (isNear(x)) return computedOdd(gpu, NEAR, x);
    const e = farExp(gpu, -2 * Math.abs(x));
    return gpu.mul(Math.sign(x), gpu.div(gpu.sub(1, e), gpu.add(1, e)));
  },
  computedGradient: (gpu, x, dy) => {
    const e = farExp(gpu, -2 * Math.abs(x));
    const l = gpu.div(1, gpu.add(1, e));
    return gpu.mul(dy, gpu.mul(gpu.mul(gpu.mul(4, e), l), l));
  },
  corners: [
    0, -0, 1e-30, -1e-30, 1e-3, -1e-3, 0.6, -0.7, 0.9999999, -0.9999999, 1, -1, 2, -2, 9.1, -9.1,
    43.7, -43.7, 52, -52.1, 1e4, -1e4, 1e18, -1e18,
  ],
  params: [{}],
  faults: [
    {
      name: 'the sign of y lost',
      shader: { file: 'math/tanh_forward', from: 'return select(far', to: 'return -select(far' },
    },
    {
      name: 'half the slope',
      direction: 'backward',
      shader: { file: 'math/tanh_backward', from: '4.0 * small', to: '2.0 * small' },
    },
  ],
};

/** torch.tanh. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 6);
