import * as v from 'valibot';
import { FOUR_BIT_NAMES } from '../../quant/registry.ts';
import { hyperparameters } from '../../vocabulary/optim/hyperparameters.ts';
import { SCHEDULE, scheduleParams } from '../../vocabulary/optim/lr_schedule.ts';
import { fraction, integer, notNegative, number, positive, size } from '../../vocabulary/rules.ts';
import { llama } from '../../vocabulary/train/train_llama.ts';
import { FormatError, quote } from '../format-error.ts';

const ofOptimizer = v.pick(v.object(hyperparameters), [
  'betas',
  'eps',
  'weight_decay',
  'momentum',
  'dampening',
  'nesterov',
  ...(['blocksize', 'min_8bit_size', 'state_rounding', 'decay_after_step'] as const),
  ...(['bias_correction', 'amsgrad', 'rho'] as const),
  ...(['momentum_decay', 'decoupled_weight_decay', 'centered'] as const),
]);

/** What a quantizer was told: bitsandbytes in 4 bits, or HQQ. Which of it is needed the mode says. */
const quant = v.looseObject({
  quant_type: v.optional(v.picklist(FOUR_BIT_NAMES)),
  blocksize: v.optional(size),
  nbits: v.optional(v.picklist([8, 4, 3, 2, 1])),
  group_size: v.optional(size),
  axis: v.optional(v.picklist([0, 1])),
});

const run = v.looseObject({
  ...llama.entries,
  ...ofOptimizer.entries,
  optimizer: v.optional(v.string(), 'adamw'),
  lr: v.optional(notNegative, 1e-3),
  /** Which parameters decay: all, as torch has it, or those that transformers' Trainer lets decay. */
  decay_parameters: v.optional(v.picklist(['all', 'trainer']), 'all'),
  r: v.optional(size),
  /** Of adapters; where all is trained that of RMSprop. */
  alpha: v.optional(number),
  /** Of modules by an expression that the end of their name must be, in the place of r and alpha. */
  rank_pattern: v.optional(v.record(v.string(), size)),
  alpha_pattern: v.optional(v.record(v.string(), positive)),
  use_rslora: v.optional(v.boolean()),
  use_dora: v.optional(v.boolean()),
  /** What PEFT drops before lora_A; 0 is nothing. */
  lora_dropout: v.optional(fraction),
  /** PEFT's `target_modules`: ends of names, whole names, or what stands for all linears. */
  targets: v.optional(v.union([v.string(), v.array(v.string())])),
  /** PEFT's: the blocks with adapters, and what stands before their numbers. */
  layers_to_transform: v.optional(v.union([integer, v.array(integer)])),
  layers_pattern: v.optional(v.union([v.string(), v.array(v.string())])),
  /** PEFT's: biases that are trained beside adapters, and modules, by the ends of their names. */
  bias: v.optional(v.picklist(['none', 'all', 'lora_only'])),
  modules_to_save: v.optional(v.array(v.string())),
  quant: v.optional(quant),
  compute_dtype: v.optional(v.string(), 'float32'),
  schedule: v.optional(
    v.looseObject({
      name: SCHEDULE,
      warmup: v.optional(integer),
      total: v.optional(integer),
      ...scheduleParams,
    }),
    { name: 'constant' },
  ),
  grad_accum: v.optional(size, 1),
  accum_mean: v.optional(v.string(), 'token'),
  gradient_checkpointing: v.optional(v.boolean(), false),
  /** The largest norm of all gradients; 0 is none, as in transformers' TrainingArguments. */
  clip: v.optional(notNegative),
});

/** Parameters of a whole training run. */
export type TrainLlamaParams = v.InferOutput<typeof run>;

/**
 * The parameters of a bundle of `train_llama`, torch's defaults filled in. Throws FormatError with
 * one line about the first that is wrong.
 */
export function readTrainLlama(params: Readonly<Record<string, unknown>>): TrainLlamaParams {
  const result = v.safeParse(run, params);
  if (result.success) return result.output;
  const [issue] = result.issues;
  throw new FormatError(`train_llama: params ${quote(`${v.getDotPath(issue)}`)}: ${issue.message}`);
}
