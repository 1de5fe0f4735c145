import * as v from 'valibot';
import { positive } from '../rules.ts';
import { signature } from '../signature.ts';
import { pairLoss, pairParams } from './pair-loss.ts';

/** torch.nn.functional.huber_loss: quadratic where input and target differ by less than delta. */
export const huberLoss = signature(
  { family: 'nn', name: 'huber_loss' },
  v.strictObject({ ...pairParams, delta: v.optional(positive, 1) }),
  pairLoss,
);
