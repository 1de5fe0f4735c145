import * as v from 'valibot';
import { float, notNegative, REAL } from '../rules.ts';
import { signature } from '../signature.ts';
import { lossScaling } from './scale-growth.ts';

/** torch.amp.GradScaler over some steps: the scale, and a parameter that follows gradients of 1. */
export const gradScaler = signature(
  { family: 'optim', name: 'grad_scaler' },
  v.strictObject({
    ...lossScaling,
    /** Learning rate of the steps. */
    lr: v.optional(notNegative, 0),
  }),
  {
    inputs: { found_inf: { dtypes: REAL, native: ['f32'], shape: '[steps]' } },
    outputs: { scale: float('[*s]'), param: float('[*p]') },
  },
);
