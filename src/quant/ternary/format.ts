import type { Format } from '../format.ts';
import { packing } from '../packing/packing.ts';

/**
 * Weights of -1, 0 and 1 times one scale: codes are trit + 1, four a byte, the first in the lowest
 * bits.
 */
export const format: Format = {
  name: 'ternary',
  values: [-1, 0, 1],
  zeroCode: 1,
  packing: packing(2),
  parts: { codes: 'packed', scales: 'scale' },
  ops: {
    quantize: 'ternary_quantize',
    multiply: { op: 'ternary_matmul', params: ({ shape: [out_features] }) => ({ out_features }) },
    inBundles: true,
  },
};
