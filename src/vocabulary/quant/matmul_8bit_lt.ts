import { detached, float, index, optional, signedCodes } from '../rules.ts';
import { signature } from '../signature.ts';
import { int8Params, outliers } from './outliers.ts';

/**
 * bitsandbytes' product with a weight that was quantized before, as MatMul8bitLt computes it from
 * CB and SCB: linear_8bit_lt without its first half. The gradient of x is that of a product with the
 * decoded weight.
 */
export const matmul8bitLt = signature(
  { family: 'quant', name: 'matmul_8bit_lt', inBundles: false },
  int8Params,
  {
    inputs: {
      x: float('[*rows, cols]'),
      q_weight: signedCodes('[out, cols]'),
      weight_stats: float('[out]'),
      bias: optional(float('[out]')),
    },
    outputs: {
      q_x: detached(signedCodes(({ size: n }) => [n('rows'), n('cols')])),
      row_stats: detached(float(({ size: n }) => [n('rows')])),
      outlier_cols: detached(index(outliers)),
      acc: detached(index(({ size: n }) => [n('rows'), n('out')])),
      y: float('[*rows, out]'),
    },
    gradients: ['x'],
  },
);
