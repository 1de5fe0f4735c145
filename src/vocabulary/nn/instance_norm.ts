import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { float, on } from '../rules.ts';
import { signature } from '../signature.ts';
import { channelNorm, channelNormParams } from './channel-norm.ts';

/**
 * Channels of each sample, normalized by their own mean and variance, which one element has not:
 * refused, as in torch.
 */
export const instanceNorm = signature(
  { family: 'nn', name: 'instance_norm' },
  v.strictObject({
    ...channelNormParams.entries,
    /** Whether mean and variance are those of x. */
    use_input_stats: on,
  }),
  {
    ...channelNorm,
    outputs: {
      y: float(({ shape, size, params: { use_input_stats } }) => {
        if (use_input_stats && size('s') === 1)
          throw new SignatureError(
            'a channel of one element has no variance: give more, or use_input_stats false',
          );
        return shape('x');
      }),
    },
  },
);
