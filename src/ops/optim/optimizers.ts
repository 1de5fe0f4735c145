import { GradproofError } from '../../errors.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { seam } from '../../seam.ts';
import type { Tensors } from '../../tensor/tensor.ts';
import { type AdagradHyperparameters, adagradStep, ONNX_DEFAULTS } from './adagrad_step.ts';
import { type AdamHyperparameters, type AdamState, adamwStep } from './adamw_step.ts';
import { type MomentumState, momentumStep, type SgdHyperparameters, sgdScalars } from './sgd_step.ts';

/** Hyperparameters of ONNX's Momentum, by its names; R, T and norm_coefficient are Adagrad's. */
interface OnnxMomentumHyperparameters extends Pick<AdagradHyperparameters, 'R' | 'T' | 'norm_coefficient'> {
  /** Share of the buffer that is kept. Default 0. */
  readonly alpha?: number;
  /** Share of the gradient that goes into the buffer; 1 at update 0. Default 1. */
  readonly beta?: number;
  readonly mode?: 'standard' | 'nesterov';
}

/** Adam or AdamW, and what of its hyperparameters is not torch's default. */
export type AdamParams = { readonly optimizer: 'adam' | 'adamw' } & Partial<Omit<AdamHyperparameters, 'mode'>>;

/** SGD, and what of its hyperparameters is not torch's default. */
export type SgdParams = { readonly optimizer: 'sgd' } & Partial<SgdHyperparameters>;

/** An optimizer and its hyperparameters, the library's defaults where they are absent. */
export type OptimizerParams =
  | AdamParams
  | SgdParams
  | ({ readonly optimizer: 'adagrad' } & AdagradHyperparameters)
  | ({ readonly optimizer: 'momentum' } & OnnxMomentumHyperparameters);

/** Names of what optimizers keep between steps. */
export type StateName = 'exp_avg' | 'exp_avg_sq' | 'momentum_buffer';

/** What an optimizer keeps, and how it steps: in place, over tensors `param`, `grad` and its state; `step` counts from 1. */
export interface Optimizer {
  readonly state: readonly StateName[];
  readonly step: (gpu: Gpu, tensors: Tensors, step: number) => void;
}

/** The optimizer of `params`; `continues` says whether it was given a state. Throws GradproofError `not-implemented` for one that is not here. */
export const optimizerOf = seam('optimizer_steps.optimizerOf', (params: OptimizerParams, continues: boolean): Optimizer => {
  switch (params.optimizer) {
    case 'adam':
    case 'adamw': {
      const hyperparameters = adamHyperparameters(params);
      return {
        state: ['exp_avg', 'exp_avg_sq'],
        step: (gpu, tensors, step) => adamwStep(gpu, tensors as Tensors & AdamState, hyperparameters, step),
      };
    }
    case 'sgd': {
      const hyperparameters = sgdHyperparameters(params);
      return momentum((step) => sgdScalars(hyperparameters, step === 1 && !continues));
    }
    case 'momentum': {
      const { alpha = 0, beta = 1, mode = 'standard' } = params;
      const { R: lr, T, norm_coefficient: l2 } = { ...ONNX_DEFAULTS, ...params };
      const [direct, ahead] = mode === 'nesterov' ? [1, alpha] : [0, 1];
      return momentum((step) => ({ lr, l2, keep: alpha, gain: T + step > 1 ? beta : 1, direct, ahead }));
    }
    case 'adagrad':
      return {
        state: ['exp_avg_sq'],
        step: (gpu, tensors, step) => adagradStep(gpu, tensors as Tensors & Parameters<typeof adagradStep>[1], params, step),
      };
    default: {
      const { optimizer } = params as { readonly optimizer: string };
      throw new GradproofError(
        'not-implemented',
        `this version has the optimizers adam, adamw, sgd, momentum and adagrad, not "${optimizer}"`,
      );
    }
  }
});

/** Hyperparameters of Adam or AdamW, torch's defaults where they are absent. */
export function adamHyperparameters({ optimizer: mode, ...given }: AdamParams): AdamHyperparameters {
  const weight_decay = mode === 'adamw' ? 1e-2 : 0;
  return { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay, ...given, mode };
}

/** Hyperparameters of SGD, torch's defaults where they are absent. */
export function sgdHyperparameters({ optimizer: _, ...given }: SgdParams): SgdHyperparameters {
  return { lr: 1e-3, ...given };
}

function momentum(scalarsAt: (step: number) => ReturnType<typeof sgdScalars>): Optimizer {
  return {
    state: ['momentum_buffer'],
    step: (gpu, tensors, step) => momentumStep(gpu, tensors as Tensors & MomentumState, scalarsAt, step),
  };
}
