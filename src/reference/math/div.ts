import { div as signature } from '../../vocabulary/math/div.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { type BinaryTruth, binaryRecord, binarySimulation } from './binary.ts';

/** Units in the last place that a division may be off. */
const DIVISION = 2.5;

/**
 * What flushing the dividend and the quotient may cost; a divisor that may be flushed makes
 * anything of it.
 */
const flush = (b: number): number =>
  Math.abs(b) < FLUSH ? Number.POSITIVE_INFINITY : FLUSH * (1 + 1 / Math.abs(b));

const truth: BinaryTruth = {
  symbol: '/',
  f: (a, b) => a / b,
  computed: (gpu, a, b) => gpu.div(a, b),
  error: (a, b) => DIVISION * EPS * Math.abs(a / b) + flush(b),
  a: {
    derivative: (_a, b) => 1 / b,
    units: DIVISION,
    flush: (_a, b) => FLUSH + flush(b),
    term: (gpu, _a, b, dy) => gpu.div(dy, b),
  },
  // dy * ((a / b) / b): two divisions and a product.
  b: {
    derivative: (a, b) => -a / (b * b),
    units: 2 * DIVISION + 1,
    flush: (a, b, dy) =>
      FLUSH * (2 + Math.abs(a / (b * b))) + dy * (flush(b) * (1 + 1 / Math.abs(b))),
    term: (gpu, a, b, dy) => -gpu.mul(dy, gpu.div(gpu.div(a, b), b)),
  },
  isExact: false,
  neutral: 1,
};

/** torch.div. */
export const record = binaryRecord(signature, truth);
export const simulation = binarySimulation(signature, truth);
