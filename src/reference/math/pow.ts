import { hostTensorFrom } from '../../tensor/host.ts';
import type { Binary } from '../../vocabulary/binary.ts';
import { pow as signature } from '../../vocabulary/math/pow.ts';
import { EPS, FLUSH, overflows, SECOND_ORDER } from '../bounds.ts';
import type { RecordOf, SampleOf } from '../define.ts';
import type { Range, Steps } from '../foreseen.ts';
import { expError } from '../logistic.ts';
import type { SimulatedGpu } from '../simulation/simulated-gpu.ts';
import { type BinaryTruth, binaryRecord, binarySimulation } from './binary.ts';
import { logError } from './log.ts';

/**
 * How far a^b may be off as exp(b ln|a|), where `units` roundings of b and of the product move its
 * argument, and b what the logarithm is off. An a that may be flushed makes anything of it.
 */
export function powerError(a: number, b: number, units = 1): number {
  if (b === 0 || (a === 0 && b > 0)) return 0;
  const size = Math.abs(a) ** b;
  if (Math.abs(a) < FLUSH || overflows(size)) return Number.POSITIVE_INFINITY;
  const argument = b * Math.log(Math.abs(a));
  const moved = Math.abs(b) * logError(Math.abs(a)) + units * EPS * Math.abs(argument);
  const own = size * Math.expm1(moved) + Math.max(size, FLUSH) * expError(argument);
  return own * SECOND_ORDER + FLUSH + (size < 2 * FLUSH ? size : 0);
}

const byBase = (a: number, b: number): number => (b === 0 ? 0 : b * a ** (b - 1));
const byExponent = (a: number, b: number): number => (a === 0 && b >= 0 ? 0 : a ** b * Math.log(a));

/** b - 1 is rounded, and the product with b. */
const byBaseError = (a: number, b: number): number =>
  b === 0 ? 0 : Math.abs(b) * powerError(a, b - 1, 2) + EPS * Math.abs(byBase(a, b)) + 2 * FLUSH;

/** The power, the logarithm and their product. */
function byExponentError(a: number, b: number): number {
  if (a === 0 && b >= 0) return 0;
  const log = Math.abs(Math.log(a));
  const own = powerError(a, b) * (log + logError(a)) + a ** b * logError(a);
  return own + EPS * Math.abs(byExponent(a, b)) + 2 * FLUSH;
}

function power(gpu: SimulatedGpu, a: number, b: number): number {
  if (b === 0) return 1;
  if (a === 0 && b > 0) return 0;
  const size = gpu.exp(gpu.mul(b, gpu.log(Math.abs(a))));
  return a < 0 && b % 2 !== 0 ? -size : size;
}

/** Of integers, in 32 bits: by squares. To a negative power 1 and -1 alone are more than 0. */
function integerPower(a: number, b: number): number {
  if (b < 0) return Math.abs(a) === 1 ? a ** (b % 2) : 0;
  let result = 1;
  let factor = a;
  for (let rest = b; rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) result = Math.imul(result, factor);
    factor = Math.imul(factor, factor);
  }
  return result;
}

const slope =
  (error: (a: number, b: number) => number, derivative: (a: number, b: number) => number) =>
  (a: number, b: number, dy: number): number =>
    dy * error(a, b) * SECOND_ORDER + FLUSH * (1 + Math.abs(derivative(a, b)) + dy);

/** torch's gradient of the base, step by step: dy (b a^(b - 1)), 0 where b is. */
function basesGradient(
  { stored, exactly, mul, pow }: Steps,
  a: number,
  b: number,
  dy: number,
  less: Range,
): Range {
  if (b === 0) return exactly(0);
  const product = stored(mul(exactly(b), stored(pow(exactly(a), less))));
  return stored(mul(exactly(dy), product));
}

/** And of the exponent: dy (a^b ln a), 0 where a is and b is not negative. */
function exponentsGradient(
  { stored, exactly, mul, pow }: Steps,
  a: number,
  b: number,
  dy: number,
  log: Range,
): Range {
  if (a === 0 && b >= 0) return exactly(0);
  const product = stored(mul(stored(pow(exactly(a), exactly(b))), log));
  return stored(mul(exactly(dy), product));
}

const truth: BinaryTruth = {
  symbol: '^',
  summary: 'y = a^b, with broadcasting',
  fault: { shader: { file: 'math/pow_forward', from: 'power(a, b)', to: 'power(a, b + 1.5)' } },
  f: (a, b) => a ** b,
  integers: integerPower,
  integerText: 'integer_pow(pair.a, pair.b)',
  computed: power,
  error: powerError,
  a: {
    derivative: byBase,
    units: 1,
    flush: slope(byBaseError, byBase),
    between: (a, b, dy) => {
      const less = b === 0 ? 0 : Math.abs(a) ** (b - 1);
      return [
        [less, b * dy],
        [b * less, dy],
      ];
    },
    // torch takes b - 1 as a tensor's half, or as a number in float64.
    steps: [
      (steps, a, b, dy) => basesGradient(steps, a, b, dy, steps.stored(steps.exactly(b - 1))),
      (steps, a, b, dy) => basesGradient(steps, a, b, dy, steps.exactly(b - 1)),
    ],
    term: (gpu, a, b, dy) => (b === 0 ? 0 : gpu.mul(dy, gpu.mul(b, power(gpu, a, gpu.sub(b, 1))))),
  },
  b: {
    derivative: byExponent,
    units: 1,
    flush: slope(byExponentError, byExponent),
    between: (a, b, dy) => {
      const slope = byExponent(a, b);
      // Where it is 0, so is the logarithm to libraries.
      return slope === 0
        ? []
        : [
            [a ** b, Math.log(a) * dy],
            [slope, dy],
          ];
    },
    // The logarithm of a tensor is a half, that of a number is not; exp2 multiplies by it last.
    steps: [
      (steps, a, b, dy) =>
        exponentsGradient(steps, a, b, dy, steps.stored(steps.log(steps.exactly(a)))),
      (steps, a, b, dy) => exponentsGradient(steps, a, b, dy, steps.exactly(Math.log(a))),
      ({ stored, exactly, mul, pow }, a, b, dy) => {
        const y = stored(pow(exactly(a), exactly(b)));
        return stored(mul(stored(mul(exactly(dy), y)), exactly(Math.log(a))));
      },
    ],
    term: (gpu, a, b, dy) =>
      a === 0 && b >= 0 ? 0 : gpu.mul(dy, gpu.mul(power(gpu, a, b), gpu.log(a))),
  },
  isExact: false,
  neutral: 1,
  drawn: {
    a: (random) => Math.exp(random.normal(0.4)),
    b: (random) => random.normal(1.5),
  },
  corners: [
    [0, 0],
    [-2, 0],
    [0, 2],
    [0, 0.5],
    [1, 1e4],
    [-1, 3],
    [-1, 4],
    [-2, 3],
    [-2, -3],
    [-3, 2],
    [-0.5, -4],
    [-1.5, 7],
    [2, 100],
    [2, -100],
    [10, 30],
    [10, -30],
    [1e-30, 1],
    [1e-10, -3],
    [1e30, 0.5],
    [0.3, 0.25],
    [3, -0.5],
  ],
};

const POWERS_OF_ZERO: SampleOf<Binary> = {
  level: 'exact',
  label: { a: '4', b: '4', values: 'zeroes' },
  params: {},
  inputs: () => ({
    a: hostTensorFrom('f32', [4], [0, 0, 0, 0]),
    b: hostTensorFrom('f32', [4], [0, 1, 2, 3]),
  }),
  grads: () => ({ y: hostTensorFrom('f32', [4], [5, 6, 7, 8]) }),
};

const whereDefined = binaryRecord(signature, truth);

/** torch.pow. */
export const record: RecordOf<Binary> = {
  ...whereDefined,
  samples: [...whereDefined.samples, POWERS_OF_ZERO],
};
export const simulation = binarySimulation(signature, truth);
