import * as v from 'valibot';
import { codes, detached, float, index, optional, signedCodes, size } from '../rules.ts';
import { signature } from '../signature.ts';

/** What stands for a smaller largest magnitude of a row of x: transformers' 1e-5, in float32. */
export const LEAST_ROW = Math.fround(1e-5);

/**
 * BitNet b1.58's linear layer with 8-bit activations: each row of x is rounded to 127ths of its
 * largest magnitude, and multiplied by packed trits in integers. The gradient of x passes straight
 * through its codes.
 */
export const bitnetLinear = signature(
  { family: 'quant', name: 'bitnet_linear' },
  v.strictObject({
    /** Rows of the trits, which are the columns of y. */
    out_features: size,
  }),
  {
    inputs: {
      x: float('[*rows, in]'),
      packed: codes(({ size: n, params }) => [Math.ceil((n('in') * params.out_features) / 4)]),
      scale: float('[1]'),
      bias: optional(float(({ params }) => [params.out_features])),
    },
    outputs: {
      q_x: detached(signedCodes(({ size: n }) => [n('rows'), n('in')])),
      row_stats: detached(float(({ size: n }) => [n('rows')])),
      acc: detached(index(({ size: n, params }) => [n('rows'), params.out_features])),
      y: float(({ shape, params }) => [...shape('x').slice(0, -1), params.out_features]),
    },
    gradients: ['x'],
  },
);
