import * as v from 'valibot';
import { SignatureError } from '../error.ts';
import { float, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { channelNorm, channelNormParams } from './channel-norm.ts';

/**
 * Groups of channels of each sample, normalized by their own mean and variance. One element in all
 * has none, and is refused, as in torch; of several groups of one element each y is the bias.
 */
export const groupNorm = signature(
  { family: 'nn', name: 'group_norm' },
  v.strictObject({ ...channelNormParams.entries, num_groups: size }),
  {
    ...channelNorm,
    outputs: {
      y: float(({ shape, size: sizeOf, params: { num_groups } }) => {
        if (sizeOf('c') % num_groups !== 0)
          throw new SignatureError(
            `${sizeOf('c')} channels do not divide into ${num_groups} groups`,
          );
        if ((sizeOf('n') * sizeOf('c') * sizeOf('s')) / num_groups === 1)
          throw new SignatureError('one group of one element has no variance: give more elements');
        return shape('x');
      }),
    },
  },
);
