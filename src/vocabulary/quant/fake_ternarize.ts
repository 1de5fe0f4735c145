import * as v from 'valibot';
import { float, off, optional } from '../rules.ts';
import { channelShape, like } from '../shapes.ts';
import { signature } from '../signature.ts';

/**
 * Trits times a scale as floats, with the gradient of the weight itself: what a layer that is
 * trained for ternary weights multiplies by.
 */
export const fakeTernarize = signature(
  { family: 'quant', name: 'fake_ternarize', inBundles: false },
  v.strictObject({
    /** Whether weights beyond 1 and -1 get no gradient. */
    clip: off,
  }),
  {
    inputs: {
      weight: float('[*w]'),
      /** One, or one for each index of the first dimension; so is the scale, 1 without one. */
      threshold: float(({ shape }, [length]) =>
        length === 1 ? [1] : channelShape(shape('weight')),
      ),
      scale: optional(
        float(({ shape }, [length]) => (length === 1 ? [1] : channelShape(shape('weight')))),
      ),
    },
    outputs: { y: float(like('weight')) },
    gradients: ['weight'],
  },
);
