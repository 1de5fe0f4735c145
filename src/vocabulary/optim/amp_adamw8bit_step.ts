import * as v from 'valibot';
import { float } from '../rules.ts';
import { signature } from '../signature.ts';
import { adamw8bit } from './adamw8bit.ts';
import { adamw8bitState } from './adamw8bit_step.ts';
import { ofTakenSteps } from './lr_schedule.ts';
import { found, gradient } from './state.ts';

const params = v.strictObject({ ...adamw8bit, schedule: ofTakenSteps });
/** Hyperparameters of a step, and the schedule of the steps that are taken. */
export type AmpAdamw8bitParams = v.InferOutput<typeof params>;

const state = adamw8bitState<AmpAdamw8bitParams>();

/** One step of bitsandbytes' 8-bit AdamW, left out where an infinity was found. */
export const ampAdamw8bitStep = signature(
  { family: 'optim', name: 'amp_adamw8bit_step', inBundles: false },
  params,
  {
    inputs: {
      ...state,
      ...gradient,
      /** The maps of the first moment, which is signed, and of the second. */
      qmap: float('[2, 256]'),
      ...found,
    },
    outputs: state,
  },
);
