import * as v from 'valibot';
import { codes, float, positive, signedCodes } from '../rules.ts';
import { like } from '../shapes.ts';
import { signature } from '../signature.ts';

/**
 * Ternary weights: the sign where |w| exceeds threshold_factor * mean |w|, scaled by the mean of
 * those.
 */
export const ternaryQuantize = signature(
  { family: 'quant', name: 'ternary_quantize' },
  v.strictObject({
    /** Threshold in means of |w|. */
    threshold_factor: v.optional(positive, 0.7),
  }),
  {
    inputs: { weight: { ...float('[*w]'), native: ['f32', 'f16', 'bf16'] } },
    outputs: {
      trits: signedCodes(like('weight')),
      packed: codes(({ size: n }) => [Math.ceil(n('w') / 4)]),
      threshold: float('[1]'),
      scale: float('[1]'),
      dequant: float('[*w]'),
    },
  },
);
