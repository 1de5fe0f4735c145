import * as v from 'valibot';
import { count, fraction, integer, notNegative, number, size } from '../rules.ts';

/** A decay rate of a moment. */
export const beta = v.pipe(fraction, v.ltValue(1));

const ADAM = [
  ...(['lr', 'betas', 'eps', 'weight_decay', 'bias_correction'] as const),
  ...(['amsgrad', 'maximize'] as const),
] as const;
const RADAM = [
  ...(['lr', 'betas', 'eps', 'weight_decay', 'decoupled_weight_decay', 'maximize'] as const),
] as const;
/** As ONNX has them, where R is the rate. */
const ONNX = ['lr', 'R', 'T', 'norm_coefficient'] as const;

/** Which hyperparameters each optimizer has. */
const OF_OPTIMIZERS = {
  adamw: ADAM,
  adam: ADAM,
  sgd: ['lr', 'momentum', 'dampening', 'weight_decay', 'nesterov', 'maximize'],
  adamw8bit: [
    ...(['lr', 'betas', 'eps', 'weight_decay', 'bias_correction'] as const),
    ...(['blocksize', 'min_8bit_size', 'state_rounding', 'decay_after_step'] as const),
  ],
  adagrad: [...ONNX, 'decay_factor', 'epsilon'],
  momentum: [...ONNX, 'alpha', 'beta', 'mode'],
  adadelta: ['lr', 'rho', 'eps', 'weight_decay', 'maximize'],
  rmsprop: ['lr', 'alpha', 'eps', 'weight_decay', 'momentum', 'centered', 'maximize'],
  nadam: [...RADAM, 'momentum_decay'],
  radam: RADAM,
  muon: [
    ...(['lr', 'weight_decay', 'momentum', 'nesterov'] as const),
    ...(['ns_coefficients', 'eps', 'ns_steps', 'adjust_lr_fn'] as const),
  ],
} as const;
type OptimizerName = keyof typeof OF_OPTIMIZERS;

/** Hyperparameters of every optimizer; each takes those that it knows. */
export const hyperparameters = {
  optimizer: v.picklist(Object.keys(OF_OPTIMIZERS) as OptimizerName[]),
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
  // as bitsandbytes' CUDA kernels have it
  decay_after_step: v.exactOptional(v.boolean()),
  bias_correction: v.exactOptional(v.boolean()),
  amsgrad: v.exactOptional(v.boolean()),
  maximize: v.exactOptional(v.boolean()),
  rho: v.exactOptional(fraction),
  centered: v.exactOptional(v.boolean()),
  momentum_decay: v.exactOptional(notNegative),
  decoupled_weight_decay: v.exactOptional(v.boolean()),
  // of the Newton-Schulz iteration of muon
  ns_coefficients: v.exactOptional(v.pipe(v.strictTuple([number, number, number]), v.readonly())),
  ns_steps: v.exactOptional(v.pipe(count, v.maxValue(99))),
  adjust_lr_fn: v.exactOptional(v.picklist(['original', 'match_rms_adamw', 'spectral_unclamped'])),
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

/**
 * What is wrong with the hyperparameters that an optimizer is given, in one line: none that it has
 * not is passed over, unless it is off.
 */
export function wrongHyperparameters({
  optimizer,
  ...given
}: { readonly optimizer: string } & Readonly<
  Partial<Record<keyof typeof hyperparameters, unknown>>
>): string | undefined {
  const has: readonly string[] | undefined = OF_OPTIMIZERS[optimizer as OptimizerName];
  if (!has) return undefined;
  const [other] = Object.entries(given).flatMap(([name, value]) =>
    !(name in hyperparameters) || has.includes(name) || value === undefined || value === false
      ? []
      : [name],
  );
  if (other) return `${optimizer} has no ${other}; it has ${has.join(', ')}`;
  if (optimizer === 'sgd' && given.nesterov && (!given.momentum || given.dampening))
    return 'nesterov needs a momentum above 0 and no dampening, as in torch';
  return given.lr !== undefined && given.R !== undefined
    ? `lr and R are both the rate of ${optimizer}: give one of them`
    : undefined;
}
