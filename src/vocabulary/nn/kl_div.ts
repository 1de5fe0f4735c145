import * as v from 'valibot';
import { off } from '../rules.ts';
import { signature } from '../signature.ts';
import { reduction } from './loss.ts';
import { pairLoss } from './pair-loss.ts';

/**
 * torch.nn.functional.kl_div: how far the probabilities `target` are from those whose logarithms are
 * `input`.
 */
export const klDiv = signature(
  { family: 'nn', name: 'kl_div' },
  v.strictObject({
    /** `batchmean` divides the sum by the size of the first dimension. */
    reduction: v.optional(v.picklist([...reduction.options, 'batchmean']), 'mean'),
    /** Whether target holds logarithms too. */
    log_target: off,
  }),
  pairLoss,
);
