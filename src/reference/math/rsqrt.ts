import { rsqrt as signature } from '../../vocabulary/math/rsqrt.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

/** Units of inverseSqrt, and of 1 / sqrt(x) where sqrt(x) is 4.5 off. */
const INVERSE_ROOT = 2;
const QUOTIENT = 4.5 + 2.5;

/** An x that may be flushed makes anything of it. */
const isLost = (x: number): boolean => x < FLUSH;

const error = (x: number, units: number): number =>
  isLost(x) ? Number.POSITIVE_INFINITY : (units * EPS * SECOND_ORDER) / Math.sqrt(x) + FLUSH;

/** Three factors y, and three products; each partial product may be flushed. */
function gradientError(x: number, dy: number, units: number): number {
  const y = 1 / Math.sqrt(x);
  const size = (Math.abs(dy) / 2) * y ** 3;
  return isLost(x)
    ? Number.POSITIVE_INFINITY
    : (3 * units + 3) * EPS * SECOND_ORDER * size + FLUSH * (1 + y + y ** 2 + y ** 3);
}

const truth: UnaryTruth<object, object> = {
  summary: 'y = 1 / sqrt(x)',
  f: (x) => 1 / Math.sqrt(x),
  derivative: (x) => -0.5 / (x * Math.sqrt(x)),
  ownError: (x) => error(x, INVERSE_ROOT),
  error: (x) => error(x, QUOTIENT),
  ownGradientError: (x, dy) => gradientError(x, dy, INVERSE_ROOT),
  gradientError: (x, dy) => gradientError(x, dy, QUOTIENT),
  between: (x) => x ** -1.5,
  // From y as it was stored. A vector's y is one step and its cube two, of what it leaves over the
  // other way about.
  gradientSteps: [
    ({ stored, exactly, root, mul, div, either }, x, dy) => {
      const sqrt = root(exactly(x));
      const y = either(stored(div(exactly(1), sqrt)), stored(div(exactly(1), stored(sqrt))));
      const square = mul(y, y);
      const cube = either(stored(mul(square, y)), stored(mul(stored(square), y)));
      return stored(mul(stored(mul(exactly(-0.5), exactly(dy))), cube));
    },
  ],
  computed: (gpu, x) => gpu.inverseSqrt(x),
  computedGradient: (gpu, x, dy) => {
    const y = gpu.inverseSqrt(x);
    return gpu.mul(gpu.mul(gpu.mul(gpu.mul(-0.5, dy), y), y), y);
  },
  corners: [1, 2, 4, 0.25, 0.06, 3, 100, 1e6],
  far: [1e-10, 1e-30, 2e-38, 3.4e38],
  drawn: Math.exp,
  params: [{}],
  faults: [
    {
      name: 'a root without its inverse',
      shader: { file: 'math/rsqrt', from: 'return inverseSqrt(x)', to: 'return sqrt(x) + 1.5' },
    },
    {
      name: 'the sign of the slope lost',
      direction: 'backward',
      shader: { file: 'math/rsqrt_backward', from: '-0.5 * dy', to: '0.5 * dy' },
    },
  ],
};

/** torch.rsqrt. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 50);
