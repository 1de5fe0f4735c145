import { erf as signature } from '../../vocabulary/math/erf.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { erf, normalDensity, upperTail } from '../normal.ts';
import { bell, bellError, tail, tailError } from './normal-tail.ts';
import { computedOdd, type OddQuotient, oddError, oddQuotient } from './odd-quotient.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

const NEAR: OddQuotient = {
  k: Math.fround(0.2681537),
  n: [Math.fround(69.30779), Math.fround(7.3024845)],
  m: [Math.fround(16.470654), Math.fround(7.2255144)],
};
const isNear = (x: number): boolean => Math.abs(x) < 1;

const ROOT = Math.fround(Math.SQRT2);
const SLOPE = Math.fround(2 / Math.sqrt(Math.PI));

/**
 * How far y may be off: near 0 as the quotient and what it is nearest to. Farther as the tail of a
 * = sqrt(2) |x|, whose two roundings move it by a times its density; the difference rounds once.
 */
function error(x: number): number {
  const y = Math.abs(erf(x));
  const a = Math.SQRT2 * Math.abs(x);
  const own = isNear(x)
    ? y * oddError(NEAR, x) + Math.abs(Math.abs(oddQuotient(NEAR, x)) - y)
    : 2 * (upperTail(a) * tailError(a) + 2 * EPS * a * normalDensity(a)) + EPS * y;
  return own * SECOND_ORDER + 4 * FLUSH;
}

const slope = (x: number): number => (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x);

const truth: UnaryTruth<object, object> = {
  summary: 'y = erf(x)',
  f: erf,
  derivative: slope,
  error,
  // Twice the bell, its square, the constant and its product, and that with dy.
  gradientError: (x, dy) =>
    Math.abs(dy) * slope(x) * (2 * bellError(x) + 4 * EPS) * SECOND_ORDER +
    FLUSH * (2 + 3 * Math.abs(dy)),
  gradientSteps: [
    ({ stored, exactly, exp, mul, neg }, x, dy) => {
      const bell = stored(exp(neg(stored(mul(exactly(x), exactly(x))))));
      return stored(mul(stored(mul(exactly(2 / Math.sqrt(Math.PI)), bell)), exactly(dy)));
    },
  ],
  computed: (gpu, x) => {
    if (isNear(x)) return computedOdd(gpu, NEAR, x);
    const a = gpu.mul(ROOT, Math.abs(x));
    return gpu.mul(Math.sign(x), gpu.sub(1, gpu.mul(2, tail(gpu, a, bell(gpu, a)))));
  },
  computedGradient: (gpu, x, dy) => {
    const density = bell(gpu, x);
    return gpu.mul(dy, gpu.mul(SLOPE, gpu.mul(density, density)));
  },
  corners: [
    0, -0, 1e-30, -1e-30, 1e-3, -1e-3, 0.6, -0.7, 0.9999999, -0.9999999, 1, -1, 1.3, -1.3, 2, -2,
    3.9, -3.9, 9.2, -9.4, 10.3, -10.3, 20, -20, 1e4, -1e4, 1e18, -1e18,
  ],
  params: [{}],
  faults: [
    {
      name: 'the sign of y lost',
      shader: { file: 'math/erf', from: 'return select(far', to: 'return -select(far' },
    },
    {
      name: 'the density of exp(-x^2/2)',
      direction: 'backward',
      shader: { file: 'math/erf_backward', from: '(density * density)', to: 'density' },
    },
  ],
};

/** torch.erf. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 5);
