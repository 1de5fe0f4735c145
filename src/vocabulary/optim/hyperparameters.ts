import * as v from 'valibot';
import { fraction, integer, notNegative, number, size } from '../rules.ts';

/** A decay rate of a moment. */
export const beta = v.pipe(fraction, v.ltValue(1));
const OPTIMIZER = v.picklist([
  ...(['adamw', 'adam', 'sgd', 'adamw8bit', 'adagrad', 'momentum'] as const),
  ...(['adadelta', 'rmsprop', 'nadam', 'radam'] as const),
]);
/** Hyperparameters of every optimizer; each takes those that it knows. */
export const hyperparameters = {
  optimizer: OPTIMIZER,
  lr: v.exactOptional(notNegative),
  betas: v.exactOptional(v.pipe(v.strictTuple([beta, beta]), v.readonly())),
  eps: v.exactOptional(notNegative),
  weight_decay: v.exactOptional(notNegative),
  momentum: v.exactOptional(notNegative),
  dampening: v.exactOptional(number),
  nesterov: v.exactOptional(v.boolean()),
  blocksize: v.exactOptional(size),
  min_8bit_size: v.exactOptional(integer),
  state_rounding: v.exactOptional(v.picklist(['nearest', 'lut16'])),
  bias_correction: v.exactOptional(v.boolean()),
  amsgrad: v.exactOptional(v.boolean()),
  maximize: v.exactOptional(v.boolean()),
  rho: v.exactOptional(fraction),
  centered: v.exactOptional(v.boolean()),
  momentum_decay: v.exactOptional(notNegative),
  decoupled_weight_decay: v.exactOptional(v.boolean()),
  // adagrad and momentum as ONNX has them; alpha is also the decay rate of rmsprop
  decay_factor: v.exactOptional(number),
  epsilon: v.exactOptional(notNegative),
  norm_coefficient: v.exactOptional(number),
  alpha: v.exactOptional(number),
  beta: v.exactOptional(number),
  mode: v.exactOptional(v.picklist(['standard', 'nesterov'])),
  R: v.exactOptional(number),
  T: v.exactOptional(integer),
};

/** What only some optimizers can be told to do. */
const OPTIONS = {
  // as bitsandbytes' CUDA kernels have it
  decay_after_step: ['adamw8bit'],
  amsgrad: ['adamw', 'adam'],
  maximize: ['adamw', 'adam', 'sgd', 'adadelta', 'rmsprop', 'nadam', 'radam'],
  centered: ['rmsprop'],
  decoupled_weight_decay: ['nadam', 'radam'],
} as const;

type Chosen = { readonly optimizer: string } & {
  readonly [Option in keyof typeof OPTIONS]?: boolean;
};

/** What is wrong with what the optimizer is told to do. */
export function wrongOption(params: Chosen): string | undefined {
  for (const [option, optimizers] of Object.entries(OPTIONS)) {
    const has = (optimizers as readonly string[]).includes(params.optimizer);
    if (params[option as keyof typeof OPTIONS] && !has)
      return `only ${optimizers.join(', ')} ${optimizers.length > 1 ? 'have' : 'has'} ${option}`;
  }
  return undefined;
}
