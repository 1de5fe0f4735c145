import { float, none, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';

/** bitsandbytes' int8_vectorwise_dequant: q * row_stats / 127. */
export const int8VectorwiseDequant = signature(
  { family: 'quant', name: 'int8_vectorwise_dequant', inBundles: false },
  none,
  {
    inputs: { q: signedCodes('[*rows, cols]'), row_stats: float(({ size: n }) => [n('rows')]) },
    outputs: { y: float('[*rows, cols]') },
  },
);
