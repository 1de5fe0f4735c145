import * as v from 'valibot';
import { signature } from '../signature.ts';
import { pairLoss, pairParams } from './pair-loss.ts';

/** torch.nn.functional.mse_loss: (input - target)^2, reduced. */
export const mseLoss = signature(
  { family: 'nn', name: 'mse_loss' },
  v.strictObject(pairParams),
  pairLoss,
);
