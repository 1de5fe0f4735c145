import { float, index, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';
import { int8Params, outliers } from './outliers.ts';

/**
 * bitsandbytes' int8_vectorwise_quant: 8-bit rows, outlier columns left out. These are listed in
 * ascending order; how many there are hangs on the values, and a list may go on with -1.
 */
export const int8VectorwiseQuant = signature(
  { family: 'quant', name: 'int8_vectorwise_quant' },
  int8Params,
  {
    inputs: { x: { ...float('[*rows, cols]'), native: ['f32', 'f16', 'bf16'] } },
    outputs: {
      q: signedCodes('[*rows, cols]'),
      row_stats: float(({ size: n }) => [n('rows')]),
      outlier_cols: index(outliers),
      dequant: float('[*rows, cols]'),
    },
  },
);
