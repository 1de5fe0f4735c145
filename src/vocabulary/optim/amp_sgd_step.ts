import * as v from 'valibot';
import { signature } from '../signature.ts';
import { ofTakenSteps } from './lr_schedule.ts';
import { sgd } from './sgd.ts';
import { found, gradient, sgdState } from './state.ts';

/** One step of SGD, left out where an infinity was found. */
export const ampSgdStep = signature(
  { family: 'optim', name: 'amp_sgd_step', inBundles: false },
  v.strictObject({ ...sgd, schedule: ofTakenSteps }),
  { inputs: { ...sgdState, ...gradient, ...found }, outputs: sgdState },
);
