import * as v from 'valibot';
import { signature } from '../signature.ts';
import { pairLoss, pairParams } from './pair-loss.ts';

/** torch.nn.functional.l1_loss: |input - target|, reduced. */
export const l1Loss = signature(
  { family: 'nn', name: 'l1_loss' },
  v.strictObject(pairParams),
  pairLoss,
);
