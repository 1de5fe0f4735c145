import * as v from 'valibot';
import { signature } from '../signature.ts';
import { adam } from './adam.ts';
import { ofTakenSteps } from './lr_schedule.ts';
import { adamState, found, gradient } from './state.ts';

/** One step of AdamW or Adam, left out where an infinity was found. */
export const ampAdamwStep = signature(
  { family: 'optim', name: 'amp_adamw_step', inBundles: false },
  v.strictObject({ ...adam, schedule: ofTakenSteps }),
  { inputs: { ...adamState, ...gradient, ...found }, outputs: adamState },
);
