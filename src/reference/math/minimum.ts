import { minimum as signature } from '../../vocabulary/math/minimum.ts';
import { FLUSH } from '../bounds.ts';
import { type BinaryTruth, binaryRecord, binarySimulation } from './binary.ts';

const share = (a: number, b: number): number => (a === b ? 0.5 : Number(a < b));

/** Two denormals may be taken for equal, which moves half of the gradient; equals are that anyway. */
const flush = (a: number, b: number, dy: number): number =>
  a !== b && Math.max(Math.abs(a), Math.abs(b)) < FLUSH ? FLUSH + dy / 2 : FLUSH;

const truth: BinaryTruth = {
  symbol: 'minimum',
  summary: 'y = the smaller of a and b, with broadcasting',
  fault: { shader: { file: 'math/minimum', from: 'return min(a, b)', to: 'return a + b + 0.5' } },
  integers: Math.min,
  integerText: 'min(pair.a, pair.b)',
  f: (a, b) => Math.min(a, b),
  computed: (_gpu, a, b) => Math.min(a, b),
  a: {
    derivative: share,
    units: 0,
    flush,
    term: (gpu, a, b, dy) => gpu.mul(dy, share(a, b)),
  },
  b: {
    derivative: (a, b) => share(b, a),
    units: 0,
    flush,
    term: (gpu, a, b, dy) => gpu.mul(dy, share(b, a)),
  },
  isExact: true,
  neutral: 1e30,
  corners: [
    [1, 1],
    [0, -0],
    [-3, -3],
    [2, 3],
    [3, 2],
    [-1e30, 1e30],
    [1.0000001, 1],
    [1, 1.0000001],
    [0, 1e-30],
  ],
};

/** torch.minimum. */
export const record = binaryRecord(signature, truth);
export const simulation = binarySimulation(signature, truth);
