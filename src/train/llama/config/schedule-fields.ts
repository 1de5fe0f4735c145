import * as v from 'valibot';
import { oneOf, whole, within } from '../../../formats/hugging-face/fields.ts';
import { type CheckedObject, checkedObject } from './checked-object.ts';

const MOST_STEPS = 1_000_000;
const curve = oneOf(['linear', 'cosine', '1-sqrt']);

/** What lr_scheduler_kwargs may hold: the names of transformers' schedules, and torch's gamma. */
const FIELDS = v.looseObject({
  num_cycles: v.optional(within(0, 1e3)),
  min_lr: v.optional(within(0, 1e3)),
  min_lr_rate: v.optional(within(0, 1)),
  lr_end: v.optional(within(0, 1e3)),
  power: v.optional(within(1e-6, 100)),
  timescale: v.optional(whole(MOST_STEPS)),
  gamma: v.optional(within(1e-6, 1)),
  num_decay_steps: v.optional(whole(MOST_STEPS)),
  num_stable_steps: v.optional(whole(MOST_STEPS)),
  warmup_type: v.optional(curve),
  decay_type: v.optional(curve),
  min_lr_ratio: v.optional(within(0, 1)),
});

/** What is said of a schedule beside its name. */
export type ScheduleFields = v.InferOutput<typeof FIELDS>;

/** The fields of lr_scheduler_kwargs, each by itself. */
export function scheduleFields(value: unknown): CheckedObject<ScheduleFields> {
  return checkedObject(FIELDS, value, 'lr_scheduler_kwargs.', () => undefined);
}
