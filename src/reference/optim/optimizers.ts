import { GradproofError } from '../../errors.ts';
import { type AdamHyperparameters, adamDefaults } from '../../vocabulary/optim/adam.ts';
import { adamw8bitHyperparameters } from '../../vocabulary/optim/adamw8bit.ts';
import type { StateName } from '../../vocabulary/optim/optimizer_step.ts';
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
import { type Element, ofStep, type Rule } from './movement.ts';
import { adadelta } from './torch/adadelta.ts';
import { amsgrad } from './torch/amsgrad.ts';
import { nadam } from './torch/nadam.ts';
import { radam } from './torch/radam.ts';
import { rmsprop } from './torch/rmsprop.ts';

export type { Element, Rule };

/** An optimizer and its hyperparameters, the library's defaults where they are absent. */
export type OptimizerParams = ParamsOf<typeof optimizerSteps>;

/** Optimizers of torch whose step is one formula. */
const OF_TORCH = { adadelta, rmsprop, nadam, radam } as const;

/** Optimizers that move each element by itself. */
export const OPTIMIZERS: readonly string[] = [
  ...['adam', 'adamw', 'sgd', 'momentum', 'adagrad'],
  ...Object.keys(OF_TORCH),
];

/** The library's defaults where the params are silent. */
export function adamParams(params: OptimizerParams): AdamHyperparameters {
  if (params.optimizer === 'adamw8bit')
    return { ...adamw8bitHyperparameters(params), mode: 'adamw' };
  const { optimizer, mode: _, ...given } = params;
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
  const rule = params.amsgrad ? amsgrad(adamParams(params)) : minimizing(params, continues);
  return params.maximize ? uphill(rule) : rule;
}

/** The rule along the negated gradient. */
function uphill({ step, bound, computed, ...rule }: Rule): Rule {
  return {
    ...rule,
    step: (before, grad, t) => step(before, -grad, t),
    bound: (before, grad, ...rest) => bound(before, -grad, ...rest),
    ...(computed && { computed: (gpu, before, grad, t) => computed(gpu, before, -grad, t) }),
  };
}

function minimizing(params: OptimizerParams, continues: boolean): Rule {
  switch (params.optimizer) {
    case 'adam':
    case 'adamw':
    // With moments as floats, as those of small parameters are.
    case 'adamw8bit': {
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
    case 'muon':
      throw new GradproofError(
        'not-implemented',
        `each element by itself is judged of the optimizers ${OPTIMIZERS.join(', ')}, not of "${params.optimizer}"`,
      );
    default:
      return OF_TORCH[params.optimizer](params);
  }
}

/** A rule over elements of its own type. */
function ruleWith<E extends { readonly [K in keyof E]: number }>(rule: {
  readonly state: readonly (StateName & keyof E)[];
  readonly step: (before: E, grad: number, step: number) => E;
  readonly bound: (before: E, grad: number, step: number, carried: E, rounding?: Rounding) => E;
}): Rule {
  return rule as unknown as Rule;
}
