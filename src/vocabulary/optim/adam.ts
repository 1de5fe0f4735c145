import * as v from 'valibot';
import { notNegative, on } from '../rules.ts';
import { beta } from './hyperparameters.ts';

/** Parameters of a step of Adam or AdamW, as torch names them. */
export const adam = {
  lr: notNegative,
  betas: v.pipe(v.strictTuple([beta, beta]), v.readonly()),
  eps: notNegative,
  weight_decay: notNegative,
  /** `adamw` decays the parameter itself, `adam` adds the decay to the gradient (L2). */
  mode: v.optional(v.picklist(['adamw', 'adam']), 'adamw'),
  /** Divide the moments by 1 - beta^t. */
  bias_correction: on,
  /**
   * As bitsandbytes' CUDA code has it, which decays the parameter that the step leaves, and gets
   * each hyperparameter as a float32.
   */
  decay_after_step: v.exactOptional(v.boolean()),
};

/** torch's defaults of Adam and AdamW as optimizers. */
export const adamDefaults = (mode: AdamHyperparameters['mode']) =>
  ({
    lr: 1e-3,
    betas: [0.9, 0.999],
    eps: 1e-8,
    weight_decay: mode === 'adamw' ? 1e-2 : 0,
    bias_correction: true,
  }) as const;

/** Hyperparameters of a step of Adam or AdamW. */
export type AdamHyperparameters = Readonly<
  v.InferOutput<v.StrictObjectSchema<typeof adam, undefined>>
>;
