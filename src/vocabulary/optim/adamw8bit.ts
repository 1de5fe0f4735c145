import * as v from 'valibot';
import { ROUNDING } from '../quant/rounding.ts';
import { off, size } from '../rules.ts';
import { adam, adamDefaults } from './adam.ts';
import type { hyperparameters } from './hyperparameters.ts';

const { mode: _, ...adamw } = adam;

/** Parameters of a step of bitsandbytes' 8-bit AdamW. */
export const adamw8bit = {
  ...adamw,
  /** Elements that share a scale. */
  blocksize: v.optional(size, 256),
  /** How a moment becomes a code. */
  state_rounding: v.optional(ROUNDING, 'lut16'),
  /** As bitsandbytes' CUDA code has it; its code for processors decays before. */
  decay_after_step: off,
};

/** Hyperparameters of a step of it. */
export type Adamw8bitHyperparameters = Readonly<
  v.InferOutput<v.StrictObjectSchema<typeof adamw8bit, undefined>>
>;

/** bitsandbytes' defaults of AdamW8bit; its code for processors is the one that was recorded. */
const DEFAULTS = {
  ...adamDefaults('adamw'),
  blocksize: 256,
  state_rounding: 'lut16',
  decay_after_step: false,
  min_8bit_size: 4096,
} as const;

type Given = v.InferOutput<v.StrictObjectSchema<typeof hyperparameters, undefined>>;

/** Hyperparameters of bitsandbytes' 8-bit AdamW, its defaults where they are absent. */
export function adamw8bitHyperparameters({
  lr = DEFAULTS.lr,
  betas = DEFAULTS.betas,
  eps = DEFAULTS.eps,
  weight_decay = DEFAULTS.weight_decay,
  bias_correction = DEFAULTS.bias_correction,
  blocksize = DEFAULTS.blocksize,
  state_rounding = DEFAULTS.state_rounding,
  decay_after_step = DEFAULTS.decay_after_step,
}: Omit<Given, 'optimizer'>): Adamw8bitHyperparameters {
  return {
    ...{ lr, betas, eps, weight_decay, bias_correction },
    ...{ blocksize, state_rounding, decay_after_step },
  };
}

/** Whether a parameter of so many elements has moments in 8 bits; those of smaller ones are floats. */
export function isIn8bit(
  elements: number,
  { min_8bit_size = DEFAULTS.min_8bit_size }: Pick<Given, 'min_8bit_size'>,
): boolean {
  return elements >= min_8bit_size;
}
