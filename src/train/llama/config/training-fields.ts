import * as v from 'valibot';
import { flag, oneOf, shown, whole, within } from '../../../formats/hugging-face/fields.ts';
import type { JsonObject } from '../../../formats/strict-json.ts';
import { TEXT_FORMATS } from '../../../formats/text-data.ts';
import { type CheckedObject, checkedObject } from './checked-object.ts';
import { FSDP_QLORA_TARGETS, type FsdpQloraTargets } from './fsdp-qlora-targets.ts';
import { LATER_OPTIMIZERS, OPTIMIZER_NAMES } from './optimizer-names.ts';
import { LATER_SCHEDULES, SCHEDULE_NAMES } from './schedule-names.ts';
import { type TrainingConfigFault, unsupported } from './training-config-error.ts';
import { isTrainingType, TRAINING_TYPE_NAMES, type TrainingTypeName, USUAL_TYPE } from './types.ts';

/** Tokens of a text at most, where no number is given. */
export const USUAL_LENGTH = 512;

/** Other strategies of TRL: they cut texts into pieces, or let them see each other. */
const LATER_STRATEGIES: readonly string[] = ['bfd_split', 'bfd-requeue', 'wrapped'];

const MOST_STEPS = 1_000_000;
const share = within(0, 0.999999);
const text = v.custom<string>(
  (x) => typeof x === 'string' && x.length > 0 && x.length <= 4096,
  'it must be a text',
);
/** A name of a list; others that a library has are told apart by {@link laterValues}. */
const oneOfNames = <Name extends string>(names: readonly Name[], later: readonly string[]) =>
  v.custom<Name>(
    (x) => names.some((name) => name === x) || later.some((name) => name === x),
    `known are ${names.join(', ')}`,
  );

/** What a configuration may hold: names of TrainingArguments and SFTConfig where these have any. */
const FIELDS = v.looseObject({
  type: v.optional(
    v.custom<TrainingTypeName>(isTrainingType, `known are ${TRAINING_TYPE_NAMES.join(', ')}`),
    USUAL_TYPE,
  ),
  model: v.optional(text),
  data: v.optional(text),
  dataset_format: v.optional(oneOf(TEXT_FORMATS)),
  expansion_rate: v.optional(within(1e-3, 1)),
  lora: v.optional(v.unknown()),
  lora_target_modules: v.optional(
    oneOf(Object.keys(FSDP_QLORA_TARGETS) as readonly FsdpQloraTargets[]),
  ),
  quantization: v.optional(v.unknown()),
  recovery: v.optional(v.unknown()),
  optim: v.optional(oneOfNames(Object.keys(OPTIMIZER_NAMES), LATER_OPTIMIZERS), 'adamw_torch'),
  learning_rate: v.optional(within(1e-12, 1e3), 2e-4),
  weight_decay: v.optional(within(0, 1e3), 0),
  adam_beta1: v.optional(share),
  adam_beta2: v.optional(share),
  adam_epsilon: v.optional(within(1e-30, 1)),
  momentum: v.optional(share),
  dampening: v.optional(within(0, 1)),
  nesterov: v.optional(flag),
  lr_scheduler_type: v.optional(oneOfNames(Object.keys(SCHEDULE_NAMES), LATER_SCHEDULES), 'linear'),
  num_cycles: v.optional(within(0, 1e3)),
  lr_scheduler_kwargs: v.optional(v.unknown()),
  warmup_steps: v.optional(within(0, MOST_STEPS)),
  warmup_ratio: v.optional(within(0, 1)),
  max_grad_norm: v.optional(within(0, 1e6), 1),
  per_device_train_batch_size: v.optional(whole(1024), 1),
  gradient_accumulation_steps: v.optional(whole(4096), 1),
  num_train_epochs: v.optional(within(1e-6, 1e5), 3),
  max_steps: v.optional(
    v.custom<number>(
      (x) => x === -1 || (Number.isInteger(x) && (x as number) >= 1 && (x as number) <= MOST_STEPS),
      `it must be a whole number from 1 to ${MOST_STEPS}, or -1 for num_train_epochs`,
    ),
    -1,
  ),
  max_length: v.optional(whole(2 ** 20), USUAL_LENGTH),
  packing: v.optional(flag, false),
  packing_strategy: v.optional(oneOfNames(['bfd'], LATER_STRATEGIES)),
  fp16: v.optional(flag, false),
  bf16: v.optional(flag, false),
  gradient_checkpointing: v.optional(flag, false),
  use_cpu_offload: v.optional(flag, false),
  seed: v.optional(
    v.custom<number>(
      (x) => Number.isInteger(x) && (x as number) >= 0 && (x as number) < 2 ** 32,
      'it must be a whole number from 0 to 4294967295',
    ),
    42,
  ),
  eval_steps: v.optional(whole(MOST_STEPS), 100),
  heldout_fraction: v.optional(within(0, 0.9), 0.1),
  judge_steps: v.optional(
    v.custom<number>(
      (x) => Number.isInteger(x) && (x as number) >= 0 && (x as number) <= MOST_STEPS,
      `it must be a whole number from 0 to ${MOST_STEPS}: 0 judges none`,
    ),
    100,
  ),
});

/** A configuration whose every field by itself is in range. */
export type TrainingFields = v.InferOutput<typeof FIELDS>;

/** Fields of TrainingArguments that ask for something which is not done here, and instead of what. */
export const LATER_FIELDS: Readonly<Record<string, string>> = {
  label_smoothing_factor: 'leave it out',
  neftune_noise_alpha: 'leave it out',
  optim_args: 'give momentum, dampening and nesterov as fields',
  optim_target_modules: 'leave it out',
  tf32: 'leave it out: products are float32, or halves by fp16 and bf16',
  torch_compile: 'leave it out: steps are captured by themselves',
  use_liger_kernel: 'leave it out',
  fsdp: 'leave it out: one device trains',
  fsdp_config: 'leave it out: one device trains',
  deepspeed: 'leave it out: one device trains',
  world_size: 'leave it out: one device trains',
  no_sync: 'leave it out: gradients that are accumulated meet once a step',
  precision: 'give bf16 or fp16: weights stay float32, and products are halves',
  auto_find_batch_size: 'give per_device_train_batch_size: a forecast says what fits',
  train_sampling_strategy: 'leave it out: orders are drawn from the seed',
  dataloader_drop_last: 'leave it out: the last batch takes what is left',
  load_best_model_at_end: 'leave it out',
  early_stopping_patience: 'leave it out: the best checkpoint is kept beside the last',
  assistant_only_loss: 'leave it out: answers alone are asked of chats and instructions',
  completion_only_loss: 'leave it out: answers alone are asked of chats and instructions',
};

/** The fields of a configuration, each by itself. */
export function trainingFields(value: JsonObject): CheckedObject<TrainingFields> {
  const { fields, faults } = checkedObject(FIELDS, value, '', (name, given) =>
    Object.hasOwn(LATER_FIELDS, name)
      ? {
          code: unsupported(name),
          path: name,
          message: `${name} is ${shown(given)}, which is not done here`,
          suggestion: LATER_FIELDS[name] as string,
        }
      : undefined,
  );
  return { fields, faults: [...faults, ...laterValues(value)] };
}

/** Names that libraries know and this version does not. */
function laterValues(value: JsonObject): readonly TrainingConfigFault[] {
  const lists = [
    ['optim', LATER_OPTIMIZERS, Object.keys(OPTIMIZER_NAMES)],
    ['lr_scheduler_type', LATER_SCHEDULES, Object.keys(SCHEDULE_NAMES)],
    ['packing_strategy', LATER_STRATEGIES, ['bfd']],
  ] as const;
  return lists.flatMap(([path, later, known]) => {
    const given = value[path];
    if (!later.some((name) => name === given)) return [];
    return [
      {
        code: unsupported(path),
        path,
        message: `${path} ${shown(given)} does not exist in this version yet`,
        suggestion: `there are ${known.join(', ')}`,
      },
    ];
  });
}
