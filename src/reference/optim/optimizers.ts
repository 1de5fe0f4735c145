import { GradproofError } from '../../errors.ts';
import { type AdamHyperparameters, adamDefaults } from '../../vocabulary/optim/adam.ts';
import type { optimizerSteps } from '../../vocabulary/optim/optimizer_steps.ts';
import { SGD_DEFAULTS } from '../../vocabulary/optim/sgd.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import type { Rounding } from '../rounding.ts';
import { type AdagradElement, adagradBound, adagradElement, adagradScalars } from './adagrad.ts';
import { type AdamElement, adamBound, adamElement, adamScalars } from './adam.ts';
import {
  type MomentumElement,
  type MomentumScalars,
  momentumBound,
  momentumElement,
  onnxScalars,
  sgdScalars,
} from './momentum.ts';

/** An optimizer and its hyperparameters, the library's defaults where they are absent. */
export type OptimizerParams = ParamsOf<typeof optimizerSteps>;

/** Optimizers that have a rule. */
export const OPTIMIZERS: readonly string[] = ['adam', 'adamw', 'sgd', 'momentum', 'adagrad'];

/** One element of a parameter with what the optimizer keeps of it, by name. */
export type Element = Readonly<Record<string, number>>;

/** Names of what optimizers keep between steps. */
type StateName = 'exp_avg' | 'exp_avg_sq' | 'momentum_buffer';

/** How an optimizer moves one element. */
export interface Rule {
  /** Names of what it keeps. */
  readonly state: readonly StateName[];
  /** The element after step `step`, which counts from 1. */
  readonly step: (before: Element, grad: number, step: number) => Element;
  /**
   * How far it may be off, where what was kept may already be off by `carried`; numbers are rounded
   * as float32 or as given.
   */
  readonly bound: (
    before: Element,
    grad: number,
    step: number,
    carried: Element,
    rounding?: Rounding,
  ) => Element;
}

/** torch's defaults where the params are silent. */
export function adamParams({ optimizer, mode: _, ...given }: OptimizerParams): AdamHyperparameters {
  const mode = optimizer === 'adamw' ? 'adamw' : 'adam';
  return { mode, ...adamDefaults(mode), ...given };
}

/**
 * The scalars of SGD, or of ONNX's Momentum, at a step; `continues` says whether a buffer was
 * given.
 */
export function momentumScalars(
  params: OptimizerParams,
  continues: boolean,
  step: number,
): MomentumScalars {
  return params.optimizer === 'sgd'
    ? sgdScalars({ ...SGD_DEFAULTS, ...params }, step === 1 && !continues)
    : onnxScalars(params, step);
}

/**
 * The rule of `params`; `continues` as for {@link momentumScalars}. Throws GradproofError
 * `not-implemented` for an optimizer that is not here.
 */
export function ruleOf(params: OptimizerParams, continues = false): Rule {
  switch (params.optimizer) {
    case 'adam':
    case 'adamw': {
      const at = ofStep((step) => adamScalars(adamParams(params), step));
      return ruleWith<AdamElement>({
        state: ['exp_avg', 'exp_avg_sq'],
        step: (before, grad, step) => adamElement(before, grad, at(step)),
        bound: (before, grad, step, carried, rounding) =>
          adamBound(before, grad, at(step), carried, rounding),
      });
    }
    case 'sgd':
    case 'momentum': {
      const at = ofStep((step) => momentumScalars(params, continues, step));
      return ruleWith<MomentumElement>({
        state: ['momentum_buffer'],
        step: (before, grad, step) => momentumElement(before, grad, at(step)),
        bound: (before, grad, step, carried, rounding) =>
          momentumBound(before, grad, at(step), carried.momentum_buffer, rounding),
      });
    }
    case 'adagrad':
      return ruleWith<AdagradElement>({
        state: ['exp_avg_sq'],
        step: (before, grad, step) => adagradElement(before, grad, adagradScalars(params, step)),
        bound: (before, grad, step, carried, rounding) =>
          adagradBound(before, grad, adagradScalars(params, step), carried.exp_avg_sq, rounding),
      });
    default:
      throw new GradproofError(
        'not-implemented',
        `this version judges the optimizers adam, adamw, sgd, momentum and adagrad, not "${params.optimizer}"`,
      );
  }
}

/** `make` for one step after the other, each of many elements. */
function ofStep<T>(make: (step: number) => T): (step: number) => T {
  let made: { readonly step: number; readonly value: T } | undefined;
  return (step) => {
    if (made?.step !== step) made = { step, value: make(step) };
    return made.value;
  };
}

/** A rule over elements of its own type. */
function ruleWith<E extends { readonly [K in keyof E]: number }>(rule: {
  readonly state: readonly (string & keyof E)[];
  readonly step: (before: E, grad: number, step: number) => E;
  readonly bound: (before: E, grad: number, step: number, carried: E, rounding?: Rounding) => E;
}): Rule {
  return rule as unknown as Rule;
}
