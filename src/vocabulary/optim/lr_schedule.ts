import * as v from 'valibot';
import { float, integer, notNegative, number, positive, size } from '../rules.ts';
import { signature } from '../signature.ts';

/** How a rate moves from 1 to its end; `1-sqrt` is transformers' word for 1 - sqrt(x). */
const CURVE = v.picklist(['linear', 'cosine', '1-sqrt']);

/**
 * What a schedule has beside warm-up and total, by its name: the names are those of transformers'
 * get_scheduler, but for `constant`, which is constant_with_warmup there, and torch's ExponentialLR
 * behind the warm-up.
 */
export const SCHEDULE_PARAMS = {
  constant: [],
  linear: [],
  cosine: ['num_cycles'],
  cosine_with_restarts: ['num_cycles'],
  cosine_with_min_lr: ['num_cycles', 'min_lr', 'min_lr_rate'],
  polynomial: ['lr_end', 'power'],
  inverse_sqrt: ['timescale'],
  exponential: ['gamma'],
  warmup_stable_decay: [
    ...(['num_decay_steps', 'num_stable_steps', 'num_cycles'] as const),
    ...(['warmup_type', 'decay_type', 'min_lr_ratio'] as const),
  ],
} as const;

/** Names of schedules. */
export type ScheduleName = keyof typeof SCHEDULE_PARAMS;
export const SCHEDULE = v.picklist(Object.keys(SCHEDULE_PARAMS) as ScheduleName[]);

/** What of a schedule's own parameters has no default. */
export const SCHEDULE_NEEDS: Readonly<Partial<Record<ScheduleName, readonly string[]>>> = {
  cosine_with_min_lr: ['min_lr_rate', 'min_lr'],
  exponential: ['gamma'],
  warmup_stable_decay: ['num_decay_steps'],
};

/** Schedules whose rate does not hang on the steps of the run. */
export const ENDLESS: readonly ScheduleName[] = ['constant', 'inverse_sqrt', 'exponential'];

/** Parameters of single schedules, by transformers' and torch's names. */
export const scheduleParams = {
  /** Waves of the cosine, by default half of one; of cosine_with_restarts its falls, by default 1. */
  num_cycles: v.exactOptional(notNegative),
  /** The least rate of the cosine, or its share of the base rate: one of the two. */
  min_lr: v.exactOptional(notNegative),
  min_lr_rate: v.exactOptional(notNegative),
  /** The rate at the end of a polynomial. */
  lr_end: v.exactOptional(notNegative),
  power: v.exactOptional(positive),
  /** Steps of 1 / sqrt(t), by default those of the warm-up, and 10,000 without. */
  timescale: v.exactOptional(size),
  /** What a step multiplies the rate by. */
  gamma: v.exactOptional(positive),
  num_decay_steps: v.exactOptional(integer),
  /** By default what warm-up and decay leave of the run. */
  num_stable_steps: v.exactOptional(integer),
  warmup_type: v.exactOptional(CURVE),
  decay_type: v.exactOptional(CURVE),
  /** The share of the base rate at which warm-up begins and decay ends. */
  min_lr_ratio: v.exactOptional(number),
};
/** What single schedules have where it is not given; those of others would not be theirs. */
export const SCHEDULE_DEFAULTS = {
  ...{ lr_end: 1e-7, power: 1 },
  ...({ warmup_type: 'linear', decay_type: 'cosine', min_lr_ratio: 0 } as const),
};

/** A learning rate over the steps of a run, as transformers' get_scheduler has it. */
const schedule = {
  name: SCHEDULE,
  /** Steps over which the rate rises from 0. */
  warmup: v.optional(integer, 0),
  /** Steps of the run. Those of {@link ENDLESS} can do without. */
  total: v.exactOptional(integer),
  ...scheduleParams,
};
/** A learning rate over the steps of a run. */
export type Schedule = Readonly<v.InferInput<v.StrictObjectSchema<typeof schedule, undefined>>>;

/** The number of cycles that a schedule has where none is given. */
export const usualCycles = (name: ScheduleName): number =>
  name === 'cosine_with_restarts' ? 1 : 0.5;

/** What a schedule needs and does not have, in words; undefined where nothing is missing. */
export function lacking(
  given: Pick<Schedule, 'name'> & Readonly<Partial<Record<keyof Schedule, unknown>>>,
): string | undefined {
  const { name, total, num_stable_steps } = given;
  const isHeld = name === 'warmup_stable_decay' && num_stable_steps !== undefined;
  if (total === undefined && !isHeld && !ENDLESS.includes(name)) return 'total';
  const needs = SCHEDULE_NEEDS[name] ?? [];
  const isThere = needs.some((part) => given[part as keyof Schedule] !== undefined);
  return isThere || needs.length === 0 ? undefined : needs.join(' or ');
}

/** The step after which the rate stands still, or the run's end; undefined where none is known. */
export function endOf({ name, warmup = 0, total, ...own }: Schedule): number | undefined {
  if (name === 'constant') return warmup;
  const { num_stable_steps, num_decay_steps = 0 } = own;
  if (name !== 'warmup_stable_decay' || num_stable_steps === undefined) return total;
  return warmup + num_stable_steps + num_decay_steps;
}

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
