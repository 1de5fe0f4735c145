import * as v from 'valibot';
import { size } from '../rules.ts';
import { signature } from '../signature.ts';
import { sgd } from './sgd.ts';
import { gradient, sgdState } from './state.ts';

/** One step of SGD on a parameter; `step` counts from 1. */
export const sgdStep = signature(
  { family: 'optim', name: 'sgd_step', inBundles: false },
  v.strictObject({ ...sgd, step: size }),
  { inputs: { ...sgdState, ...gradient }, outputs: sgdState },
);
