import { float, index, optional, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';
import { int8Params, outliers } from './outliers.ts';

/** bitsandbytes' Linear8bitLt: an 8-bit product with its outlier columns in full precision. */
export const linear8bitLt = signature({ family: 'quant', name: 'linear_8bit_lt' }, int8Params, {
  inputs: {
    x: float('[*rows, cols]'),
    weight: float('[out, cols]'),
    bias: optional(float('[out]')),
  },
  outputs: {
    q_weight: signedCodes('[out, cols]'),
    weight_stats: float('[out]'),
    q_x: signedCodes(({ size: n }) => [n('rows'), n('cols')]),
    row_stats: float(({ size: n }) => [n('rows')]),
    outlier_cols: index(outliers),
    acc: index(({ size: n }) => [n('rows'), n('out')]),
    y: float('[*rows, out]'),
  },
});
