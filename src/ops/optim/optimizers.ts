import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { seam } from '../../seam.ts';
import type { Tensors } from '../../tensor/tensor.ts';
import { type AdamHyperparameters, adamDefaults } from '../../vocabulary/optim/adam.ts';
import { ONNX_DEFAULTS } from '../../vocabulary/optim/onnx.ts';
import type { optimizerSteps } from '../../vocabulary/optim/optimizer_steps.ts';
import { SGD_DEFAULTS, type SgdHyperparameters } from '../../vocabulary/optim/sgd.ts';
import type { ParamsOf } from '../../vocabulary/signature.ts';
import { stepAdagrad } from './adagrad_step.ts';
import { type AdamState, stepAdamw } from './adamw_step.ts';
import { type MomentumState, sgdScalars, stepMomentum } from './sgd_step.ts';

/** An optimizer and its hyperparameters, the library's defaults where they are absent. */
type Params = ParamsOf<typeof optimizerSteps>;

/** Adam or AdamW, and what of its hyperparameters is not torch's default. */
export type AdamParams = { readonly optimizer: 'adam' | 'adamw' } & Pick<
  Params,
  'lr' | 'betas' | 'eps' | 'weight_decay' | 'bias_correction'
>;

/** SGD, and what of its hyperparameters is not torch's default. */
export type SgdParams = { readonly optimizer: 'sgd' } & Pick<
  Params,
  'lr' | 'momentum' | 'dampening' | 'weight_decay' | 'nesterov'
>;

/** Names of what optimizers keep between steps. */
export type StateName = 'exp_avg' | 'exp_avg_sq' | 'momentum_buffer';

/**
 * What an optimizer keeps, and how it steps: in place, over tensors `param`, `grad` and its state;
 * `step` counts from 1.
 */
export interface Optimizer {
  readonly state: readonly StateName[];
  readonly step: (gpu: Gpu, tensors: Tensors, step: number) => void;
}

/**
 * The optimizer of `params`; `continues` says whether it was given a state. Throws GradproofError
 * `not-implemented` for one that is not here.
 */
export const optimizerOf = seam(
  'optimizer_steps.optimizerOf',
  (params: Params, continues: boolean): Optimizer => {
    switch (params.optimizer) {
      case 'adam':
      case 'adamw': {
        const hyperparameters = adamHyperparameters(params as AdamParams);
        return {
          state: ['exp_avg', 'exp_avg_sq'],
          step: (gpu, tensors, step) =>
            stepAdamw(gpu, tensors as Tensors & AdamState, hyperparameters, step),
        };
      }
      case 'sgd': {
        const hyperparameters = sgdHyperparameters(params as SgdParams);
        return momentum((step) => sgdScalars(hyperparameters, step === 1 && !continues));
      }
      case 'momentum': {
        const { alpha = 0, beta = 1, mode } = params;
        const { R: lr, T, norm_coefficient: l2 } = { ...ONNX_DEFAULTS, ...params };
        const [direct, ahead] = mode === 'nesterov' ? [1, alpha] : [0, 1];
        return momentum((step) => ({
          lr,
          l2,
          keep: alpha,
          gain: T + step > 1 ? beta : 1,
          direct,
          ahead,
        }));
      }
      case 'adagrad':
        return {
          state: ['exp_avg_sq'],
          step: (gpu, tensors, step) =>
            stepAdagrad(gpu, tensors as Tensors & Parameters<typeof stepAdagrad>[1], params, step),
        };
      default:
        throw new GradproofError(
          'not-implemented',
          `this version has the optimizers adam, adamw, sgd, momentum and adagrad, not "${params.optimizer}"`,
        );
    }
  },
);

/** Hyperparameters of Adam or AdamW, torch's defaults where they are absent. */
export function adamHyperparameters({
  optimizer: mode,
  ...given
}: AdamParams): AdamHyperparameters {
  return { ...adamDefaults(mode), ...given, mode };
}

/** Hyperparameters of SGD, torch's defaults where they are absent. */
export function sgdHyperparameters({ optimizer: _, ...given }: SgdParams): SgdHyperparameters {
  return { ...SGD_DEFAULTS, ...given };
}

function momentum(scalarsAt: (step: number) => ReturnType<typeof sgdScalars>): Optimizer {
  return {
    state: ['momentum_buffer'],
    step: (gpu, tensors, step) =>
      stepMomentum(gpu, tensors as Tensors & MomentumState, scalarsAt, step),
  };
}
