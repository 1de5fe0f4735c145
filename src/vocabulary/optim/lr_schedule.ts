import * as v from 'valibot';
import { float, integer, notNegative } from '../rules.ts';
import { signature } from '../signature.ts';

/** Names of schedules. */
export const SCHEDULE = v.picklist(['constant', 'linear', 'cosine']);

/** A learning rate over the steps of a run, as transformers' get_scheduler has it. */
const schedule = {
  name: SCHEDULE,
  /** Steps over which the rate rises from 0. */
  warmup: v.optional(integer, 0),
  /**
   * Steps of the run: where linear and half a cycle of cosine end at 0. Only constant can do
   * without.
   */
  total: v.exactOptional(integer),
  /** Cycles of the cosine. */
  num_cycles: v.optional(notNegative, 0.5),
};
/** A learning rate over the steps of a run. */
export type Schedule = Readonly<v.InferInput<v.StrictObjectSchema<typeof schedule, undefined>>>;

/**
 * The schedule of the steps that are taken under loss scaling: from the engine, never from a file.
 */
export const ofTakenSteps = v.optional(
  v.custom<Schedule>(() => true),
  { name: 'constant' },
);

/** Rates of a schedule, from step 0. */
export const lrSchedule = signature(
  { family: 'optim', name: 'lr_schedule' },
  v.strictObject({ ...schedule, base_lr: notNegative }),
  { inputs: {}, outputs: { lr: float('[*t]') } },
  v.strictObject({
    /** How many there are, by default those of the run. In a bundle the length of lr tells it. */
    steps: v.exactOptional(integer),
  }),
);
