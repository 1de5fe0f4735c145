import * as v from 'valibot';
import { float, index } from '../rules.ts';
import { signature } from '../signature.ts';
import { scaleGrowth } from './scale-growth.ts';

/**
 * The state of dynamic loss scaling: the scale, steps since it changed, and steps that were taken.
 */
const state = {
  scale: float<object>('[1]'),
  growth_tracker: index<object>('[1]'),
  steps: index<object>('[1]'),
} as const;

/** The state of dynamic loss scaling after a step. */
export const ampUpdateScale = signature(
  { family: 'optim', name: 'amp_update_scale', inBundles: false },
  v.strictObject(scaleGrowth),
  { inputs: { ...state, found_inf: float('[1]') }, outputs: state },
);
