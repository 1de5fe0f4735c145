import * as v from 'valibot';
import { notNegative, number, off } from '../rules.ts';

/** Parameters of a step of SGD, as torch names them. */
export const sgd = {
  lr: notNegative,
  momentum: v.optional(notNegative, 0),
  /** Share of the gradient that does not go into the buffer after the first step. */
  dampening: v.optional(number, 0),
  /** Added to the gradient times the parameter (L2). */
  weight_decay: v.optional(notNegative, 0),
  /** Step along the gradient and the buffer to come. */
  nesterov: off,
};

/** torch's defaults of SGD as an optimizer. */
export const SGD_DEFAULTS = {
  lr: 1e-3,
  momentum: 0,
  dampening: 0,
  weight_decay: 0,
  nesterov: false,
} as const;

/** Hyperparameters of a step of SGD. */
export type SgdHyperparameters = Readonly<
  v.InferOutput<v.StrictObjectSchema<typeof sgd, undefined>>
>;
