import * as v from 'valibot';
import { on } from '../rules.ts';
import { signature } from '../signature.ts';
import { channelNorm, channelNormParams } from './channel-norm.ts';

/** Channels of each sample, normalized by their own mean and variance. */
export const instanceNorm = signature(
  { family: 'nn', name: 'instance_norm' },
  v.strictObject({
    ...channelNormParams.entries,
    /** Whether mean and variance are those of x. */
    use_input_stats: on,
  }),
  channelNorm,
);
