import * as v from 'valibot';
import { float, fraction, off, signedCodes } from '../rules.ts';
import { channelShape, like } from '../shapes.ts';
import { signature } from '../signature.ts';

/**
 * Ternary weights of a wanted share of zeros: the smallest magnitudes become 0, round(amount * n) of
 * them as torch.nn.utils.prune.l1_unstructured chooses them, of equal ones the first; the others their
 * signs.
 */
export const sparseTernarize = signature(
  { family: 'quant', name: 'sparse_ternarize' },
  v.strictObject({
    /** The share of zeros. */
    amount: fraction,
    /** Whether each index of the first dimension has so many zeros of its own. */
    per_channel: off,
  }),
  {
    inputs: { weight: float('[*w]') },
    outputs: {
      trits: signedCodes(like('weight')),
      threshold: float(({ shape, params }) =>
        params.per_channel ? channelShape(shape('weight')) : [1],
      ),
    },
  },
);
