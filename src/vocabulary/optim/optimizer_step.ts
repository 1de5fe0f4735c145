import * as v from 'valibot';
import { float, optional, size } from '../rules.ts';
import { signature } from '../signature.ts';
import { hyperparameters, wrongHyperparameters } from './hyperparameters.ts';
import { gradient } from './state.ts';

const flat = float<object>('[*p]');
const kept = optional(flat);

/** What a step changes: the parameter, and what its optimizer keeps. */
const state = {
  param: flat,
  exp_avg: kept,
  exp_avg_sq: kept,
  max_exp_avg_sq: kept,
  momentum_buffer: kept,
  square_avg: kept,
  acc_delta: kept,
  grad_avg: kept,
} as const;

/** Names of what optimizers keep between steps. */
export type StateName = Exclude<keyof typeof state, 'param'>;

/** One step of any optimizer on a parameter; `step` counts from 1. */
export const optimizerStep = signature(
  { family: 'optim', name: 'optimizer_step', inBundles: false },
  v.pipe(
    v.strictObject({ ...hyperparameters, step: size }),
    v.check(
      (params) => wrongHyperparameters(params) === undefined,
      ({ input }) => `${wrongHyperparameters(input)}`,
    ),
  ),
  { inputs: { ...state, ...gradient }, outputs: state },
);
