import * as v from 'valibot';
import { codes, float, optional, size } from '../rules.ts';
import { signature } from '../signature.ts';

/**
 * y = (x T^T) * scale with T [out, in] kept as packed trits, four a byte, the first in the lowest
 * bits.
 */
export const ternaryMatmul = signature(
  { family: 'quant', name: 'ternary_matmul', inBundles: false },
  v.strictObject({
    /** Rows of T, which are the columns of y. */
    out_features: size,
  }),
  {
    inputs: {
      x: float('[*t, in]'),
      packed: codes(({ size: n, params }) => [Math.ceil((n('in') * params.out_features) / 4)]),
      /** One for all outputs, or one for each. */
      scale: optional(float(({ params }, [length]) => [length === 1 ? 1 : params.out_features])),
    },
    outputs: { y: float(({ shape, params }) => [...shape('x').slice(0, -1), params.out_features]) },
    gradients: ['x'],
  },
);
