import * as v from 'valibot';
import { size } from '../rules.ts';
import { signature } from '../signature.ts';
import { adam } from './adam.ts';
import { adamState, gradient } from './state.ts';

/** One step of AdamW or Adam on a parameter; `step` counts from 1. */
export const adamwStep = signature(
  { family: 'optim', name: 'adamw_step', inBundles: false },
  v.strictObject({ ...adam, step: size }),
  { inputs: { ...adamState, ...gradient }, outputs: adamState },
);
