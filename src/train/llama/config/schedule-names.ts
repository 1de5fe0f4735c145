import type { ScheduleName } from '../../../vocabulary/optim/lr_schedule.ts';

/** The schedules by the names of TrainingArguments, and torch's exponential one. */
export const SCHEDULE_NAMES: Readonly<Record<string, ScheduleName>> = {
  linear: 'linear',
  cosine: 'cosine',
  cosine_with_restarts: 'cosine_with_restarts',
  cosine_with_min_lr: 'cosine_with_min_lr',
  polynomial: 'polynomial',
  constant: 'constant',
  constant_with_warmup: 'constant',
  inverse_sqrt: 'inverse_sqrt',
  warmup_stable_decay: 'warmup_stable_decay',
  exponential: 'exponential',
};

/** Other names that TrainingArguments and fsdp_qlora know. */
export const LATER_SCHEDULES: readonly string[] = [
  ...['reduce_lr_on_plateau', 'cosine_warmup_with_min_lr', 'greedy'],
];
