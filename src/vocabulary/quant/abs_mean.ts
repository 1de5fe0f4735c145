import * as v from 'valibot';
import { float, off, optional, positive } from '../rules.ts';
import { channelShape } from '../shapes.ts';
import { signature } from '../signature.ts';

/** factor * mean |w| of the elements above the limit, or of all; 0 where there is none. */
export const absMean = signature(
  { family: 'quant', name: 'abs_mean', inBundles: false },
  v.strictObject({
    factor: v.optional(positive, 1),
    /** Whether each index of the first dimension has a mean of its own. */
    per_channel: off,
  }),
  {
    inputs: {
      weight: { ...float('[*w]'), native: ['f32', 'f16', 'bf16'] },
      limit: optional(
        float(({ shape, params }) => (params.per_channel ? channelShape(shape('weight')) : [1])),
      ),
    },
    outputs: {
      mean: float(({ shape, params }) =>
        params.per_channel ? channelShape(shape('weight')) : [1],
      ),
    },
  },
);
