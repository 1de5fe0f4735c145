import { sub as signature } from '../../vocabulary/math/sub.ts';
import { EPS, FLUSH } from '../bounds.ts';
import { type BinaryTruth, binaryRecord, binarySimulation, COPIED } from './binary.ts';

const truth: BinaryTruth = {
  symbol: '-',
  f: (a, b) => a - b,
  integers: (a, b) => a - b,
  computed: (gpu, a, b) => gpu.sub(a, b),
  error: (a, b) => EPS * Math.abs(a - b) + 3 * FLUSH,
  a: COPIED,
  b: { ...COPIED, derivative: () => -1, term: (_gpu, _a, _b, dy) => -dy },
  isExact: true,
  neutral: 0,
};

/** torch.sub. */
export const record = binaryRecord(signature, truth);
export const simulation = binarySimulation(signature, truth);
