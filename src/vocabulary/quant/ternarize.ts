import * as v from 'valibot';
import { count, float, signedCodes } from '../rules.ts';
import { channelShape, like } from '../shapes.ts';
import { signature } from '../signature.ts';

/** The sign of w where |w| exceeds the threshold, else 0. */
export const ternarize = signature(
  { family: 'quant', name: 'ternarize' },
  v.strictObject({
    /**
     * Whole number below 2^53. With it each element has a limit of its own, uniform from 0 to two
     * thresholds: the trit's expectation is w / (2 threshold), at most 1 and at least -1.
     */
    seed: v.optional(count),
  }),
  {
    inputs: {
      weight: { ...float('[*w]'), native: ['f32', 'f16', 'bf16'] },
      /** One, or one for each index of the first dimension. */
      threshold: float(({ shape }, [length]) =>
        length === 1 ? [1] : channelShape(shape('weight')),
      ),
    },
    outputs: { trits: signedCodes(like('weight')) },
  },
);
