import { detached, float, index, optional, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';
import { int8Params, outliers } from './outliers.ts';

/**
 * bitsandbytes' Linear8bitLt: an 8-bit product with its outlier columns in full precision. Outlier
 * columns are listed as by int8_vectorwise_quant. The gradient of x is that of a product with the
 * decoded weight.
 */
export const linear8bitLt = signature({ family: 'quant', name: 'linear_8bit_lt' }, int8Params, {
  inputs: {
    x: float('[*rows, cols]'),
    weight: float('[out, cols]'),
    bias: optional(float('[out]')),
  },
  outputs: {
    q_weight: detached(signedCodes('[out, cols]')),
    weight_stats: detached(float('[out]')),
    q_x: detached(signedCodes(({ size: n }) => [n('rows'), n('cols')])),
    row_stats: detached(float(({ size: n }) => [n('rows')])),
    outlier_cols: detached(index(outliers)),
    acc: detached(index(({ size: n }) => [n('rows'), n('out')])),
    y: float('[*rows, out]'),
  },
  gradients: ['x'],
});
