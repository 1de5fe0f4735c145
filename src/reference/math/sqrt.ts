import { sqrt as signature } from '../../vocabulary/math/sqrt.ts';
import { EPS, FLUSH, SECOND_ORDER } from '../bounds.ts';
import { type UnaryTruth, unaryRecord, unarySimulation } from './unary.ts';

/** Units of a square root: WGSL takes it as 1 / inverseSqrt(x), 2.5 and 2. */
const ROOT = 4.5;

const gradientError = (x: number, dy: number, units: number): number =>
  x < FLUSH
    ? Number.POSITIVE_INFINITY
    : (units * EPS * SECOND_ORDER * Math.abs(dy)) / (2 * Math.sqrt(x)) +
      FLUSH * (1 + 1 / Math.sqrt(x));

const truth: UnaryTruth<object, object> = {
  summary: 'y = the square root of x',
  f: Math.sqrt,
  derivative: (x) => 1 / (2 * Math.sqrt(x)),
  // An x that may be flushed has the root 0.
  error: (x) => Math.sqrt(x) * ROOT * EPS * SECOND_ORDER + FLUSH + (x < FLUSH ? Math.sqrt(x) : 0),
  // inverseSqrt (2) and a product; who divides by 2 y loses 2.5 and what y has lost.
  ownGradientError: (x, dy) => gradientError(x, dy, 3),
  gradientError: (x, dy) => gradientError(x, dy, ROOT + 2.5),
  // From y as it was stored.
  gradientSteps: [
    ({ stored, exactly, root, mul, div }, x, dy) => {
      const y = stored(root(exactly(x)));
      return stored(div(exactly(dy), stored(mul(exactly(2), y))));
    },
  ],
  computed: (gpu, x) => gpu.sqrt(x),
  computedGradient: (gpu, x, dy) => gpu.mul(gpu.mul(0.5, dy), gpu.inverseSqrt(x)),
  corners: [1, 2, 4, 0.25, 0.06, 3, 100, 1e30],
  far: [0, -0, 1e-10, 1e-30, 2e-38, 3.4e38],
  drawn: Math.exp,
  params: [{}],
  faults: [
    {
      name: 'no root',
      shader: { file: 'math/sqrt_forward', from: 'return sqrt(x)', to: 'return x + 1.5' },
    },
    {
      name: 'twice the slope',
      direction: 'backward',
      shader: { file: 'math/sqrt_backward', from: '0.5 * dy', to: 'dy' },
    },
  ],
};

/** torch.sqrt. */
export const record = unaryRecord(signature, truth);
export const simulation = unarySimulation(signature, truth, 80);
