import { GradproofError } from '../../errors.ts';
import { type AdagradElement, type AdagradParams, adagradBound, adagradElement, adagradScalars } from './adagrad.ts';
import { type AdamElement, type AdamParams, adamBound, adamElement, adamScalars } from './adam.ts';
import {
  type MomentumElement,
  type MomentumScalars,
  momentumBound,
  momentumElement,
  type OnnxMomentumParams,
  onnxScalars,
  type SgdParams,
  sgdScalars,
} from './momentum.ts';

/** An optimizer and its hyperparameters, the library's defaults where they are absent. */
export interface OptimizerParams extends Partial<Omit<AdamParams, 'mode'>>, SgdParams, AdagradParams, Omit<OnnxMomentumParams, 'mode'> {
  readonly optimizer: string;
  readonly mode?: 'standard' | 'nesterov';
}

/** Optimizers that have a rule. */
export const OPTIMIZERS: readonly string[] = ['adam', 'adamw', 'sgd', 'momentum', 'adagrad'];

/** One element of a parameter with what the optimizer keeps of it, by name. */
export type Element = Readonly<Record<string, number>>;

/** How an optimizer moves one element. */
export interface Rule {
  /** Names of what it keeps. */
  readonly state: readonly string[];
  /** The element after step `step`, which counts from 1. */
  readonly step: (before: Element, grad: number, step: number) => Element;
  /** How far it may be off, where what was kept may already be off by `carried`. */
  readonly bound: (before: Element, grad: number, step: number, carried: Element) => Element;
}

/** torch's defaults where the params are silent. */
export function adamParams({ optimizer, mode: _, ...given }: OptimizerParams): AdamParams {
  const weight_decay = optimizer === 'adamw' ? 1e-2 : 0;
  return { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay, ...given, mode: optimizer === 'adamw' ? 'adamw' : 'adam' };
}

/** The scalars of SGD, or of ONNX's Momentum, at a step; `continues` says whether a buffer was given. */
export function momentumScalars(params: OptimizerParams, continues: boolean, step: number): MomentumScalars {
  return params.optimizer === 'sgd' ? sgdScalars(params, step === 1 && !continues) : onnxScalars(params, step);
}

/** The rule of `params`. Throws GradproofError `not-implemented` for an optimizer that is not here. */
export function ruleOf(params: OptimizerParams, continues: boolean): Rule {
  switch (params.optimizer) {
    case 'adam':
    case 'adamw': {
      const at = ofStep((step) => adamScalars(adamParams(params), step));
      return ruleWith<AdamElement>({
        state: ['exp_avg', 'exp_avg_sq'],
        step: (before, grad, step) => adamElement(before, grad, at(step)),
        bound: (before, grad, step, carried) => adamBound(before, grad, at(step), carried),
      });
    }
    case 'sgd':
    case 'momentum': {
      const at = ofStep((step) => momentumScalars(params, continues, step));
      return ruleWith<MomentumElement>({
        state: ['momentum_buffer'],
        step: (before, grad, step) => momentumElement(before, grad, at(step)),
        bound: (before, grad, step, carried) => momentumBound(before, grad, at(step), carried.momentum_buffer),
      });
    }
    case 'adagrad':
      return ruleWith<AdagradElement>({
        state: ['exp_avg_sq'],
        step: (before, grad, step) => adagradElement(before, grad, adagradScalars(params, step)),
        bound: (before, grad, step, carried) => adagradBound(before, grad, adagradScalars(params, step), carried.exp_avg_sq),
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
  readonly bound: (before: E, grad: number, step: number, carried: E) => E;
}): Rule {
  return rule as unknown as Rule;
}
