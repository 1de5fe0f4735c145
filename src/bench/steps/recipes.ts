import type { Recipe } from '../../reference/step/state.ts';
import type { StepOf } from '../work.ts';

const LR = 1e-3;
const BETAS = [0.9, 0.999] as const;
const EPS = 1e-8;

const ADAM = {
  optimizer: 'adam',
  ...{ lr: LR, betas: BETAS, eps: EPS, weight_decay: 0, bias_correction: true },
} as const;
const ADAMW = { ...ADAM, optimizer: 'adamw', weight_decay: 0.01 } as const;
const SGD = {
  optimizer: 'sgd',
  ...{ lr: 0.01, momentum: 0.9, dampening: 0, weight_decay: 0, nesterov: false },
} as const;

/** What updates the weights of a model, with every number written out. */
export function optimizerOf({ model }: StepOf) {
  return model === 'resnet18' ? SGD : model === 'llama-lora' ? ADAMW : ADAM;
}

/** How the float64 run updates. */
export function recipeOf(step: StepOf): Recipe {
  return {
    optimizer: optimizerOf(step),
    schedule: { name: 'constant', warmup: 0 },
    clip: Number.POSITIVE_INFINITY,
  };
}

/** The epsilon of layer norms and batch norms. */
export const NORM_EPS = 1e-5;
