import type { Schedule } from '../../../vocabulary/optim/lr_schedule.ts';

/** The schedules by the names of TrainingArguments. */
export const SCHEDULE_NAMES: Readonly<Record<string, Schedule['name']>> = {
  linear: 'linear',
  cosine: 'cosine',
  constant: 'constant',
  constant_with_warmup: 'constant',
};

/** Other names that TrainingArguments and fsdp_qlora know. */
export const LATER_SCHEDULES: readonly string[] = [
  ...['cosine_with_restarts', 'polynomial', 'exponential', 'inverse_sqrt', 'reduce_lr_on_plateau'],
  ...['cosine_with_min_lr', 'cosine_warmup_with_min_lr', 'warmup_stable_decay', 'greedy'],
];
