import * as v from 'valibot';
import { notNegative } from '../rules.ts';
import { signature } from '../signature.ts';
import { pairLoss, pairParams } from './pair-loss.ts';

/** torch.nn.functional.smooth_l1_loss: quadratic where input and target differ by less than beta. */
export const smoothL1Loss = signature(
  { family: 'nn', name: 'smooth_l1_loss' },
  v.strictObject({ ...pairParams, beta: v.optional(notNegative, 1) }),
  pairLoss,
);
