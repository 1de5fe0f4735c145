import * as v from 'valibot';
import { fraction, integer, notNegative, number, size } from '../rules.ts';

/** A decay rate of a moment. */
export const beta = v.pipe(fraction, v.ltValue(1));
const OPTIMIZER = v.picklist(['adamw', 'adam', 'sgd', 'adamw8bit', 'adagrad', 'momentum']);
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
  // adagrad and momentum as ONNX has them
  decay_factor: v.exactOptional(number),
  epsilon: v.exactOptional(notNegative),
  norm_coefficient: v.exactOptional(number),
  alpha: v.exactOptional(number),
  beta: v.exactOptional(number),
  mode: v.exactOptional(v.picklist(['standard', 'nesterov'])),
  R: v.exactOptional(number),
  T: v.exactOptional(integer),
};
