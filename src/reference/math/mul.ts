import { mul as signature } from '../../vocabulary/math/mul.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { type BinaryTruth, binaryRecord, binarySimulation } from './binary.ts';

/** What flushing a product and its factors, of this size together, may cost. */
const flush = (factors: number): number => FLUSH * (2 + factors);

const truth: BinaryTruth = {
  symbol: '*',
  f: (a, b) => a * b,
  integers: Math.imul,
  computed: (gpu, a, b) => gpu.mul(a, b),
  error: (a, b) => EPS * Math.abs(a * b) + flush(Math.abs(a) + Math.abs(b)),
  a: {
    derivative: (_a, b) => b,
    units: 1,
    flush: (_a, b, dy) => flush(Math.abs(b) + Math.abs(dy)),
    steps: [({ stored, exactly, mul }, _a, b, dy) => stored(mul(exactly(dy), exactly(b)))],
    term: (gpu, _a, b, dy) => gpu.mul(dy, b),
  },
  b: {
    derivative: (a) => a,
    units: 1,
    flush: (a, _b, dy) => flush(Math.abs(a) + Math.abs(dy)),
    steps: [({ stored, exactly, mul }, a, _b, dy) => stored(mul(exactly(dy), exactly(a)))],
    term: (gpu, a, _b, dy) => gpu.mul(dy, a),
  },
  isExact: true,
  neutral: 1,
};

/** torch.mul. */
export const record = binaryRecord(signature, truth);
export const simulation = binarySimulation(signature, truth);
