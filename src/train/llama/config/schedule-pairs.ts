import {
  SCHEDULE_DEFAULTS,
  SCHEDULE_NEEDS,
  SCHEDULE_PARAMS,
  type ScheduleName,
} from '../../../vocabulary/optim/lr_schedule.ts';
import { type Combination, givenOf, type Pair } from './pair.ts';
import { SCHEDULE_NAMES } from './schedule-names.ts';

const nameOf = ({ fields }: Combination): ScheduleName | undefined =>
  SCHEDULE_NAMES[fields.lr_scheduler_type];

/** What a schedule has of its own. */
function ownOf(all: Combination): readonly string[] {
  const name = nameOf(all);
  return name === undefined ? [] : SCHEDULE_PARAMS[name];
}

/** What is given of lr_scheduler_kwargs and is not the schedule's. */
const strange = (all: Combination): readonly string[] => {
  const own = ownOf(all);
  const others = new Set<string>(Object.values(SCHEDULE_PARAMS).flat());
  return Object.keys(all.kwargs ?? {}).filter((name) => others.has(name) && !own.includes(name));
};

const endOf = ({ kwargs }: Combination): number => kwargs?.lr_end ?? SCHEDULE_DEFAULTS.lr_end;

function needsOf(all: Combination): readonly string[] {
  const name = nameOf(all);
  return (name && SCHEDULE_NEEDS[name]) ?? [];
}

/** What does not go together of a schedule. */
export const SCHEDULE_PAIRS: readonly Pair[] = [
  {
    code: 'two-warmups',
    path: 'warmup_ratio',
    meet: ({ fields: { warmup_steps = 0, warmup_ratio = 0 } }) =>
      warmup_steps > 0 && warmup_ratio > 0,
    message: () => 'warmup_steps and warmup_ratio are both given',
    suggestion: 'give one of them',
  },
  {
    code: 'warmup-part-of-a-step',
    path: 'warmup_steps',
    meet: ({ fields: { warmup_steps = 0 } }) => warmup_steps > 1 && !Number.isInteger(warmup_steps),
    message: ({ fields }) => `warmup_steps is ${fields.warmup_steps}`,
    suggestion: 'give a whole number of steps, or a share of them below 1',
  },
  {
    code: 'warmup-of-constant',
    path: 'lr_scheduler_type',
    meet: ({ fields: { lr_scheduler_type, warmup_steps = 0, warmup_ratio = 0 } }) =>
      lr_scheduler_type === 'constant' && warmup_steps + warmup_ratio > 0,
    message: () => 'the rate of lr_scheduler_type "constant" has no warm-up',
    suggestion: 'give "constant_with_warmup", or no warm-up',
  },
  {
    code: 'cycles-of-no-cosine',
    path: 'num_cycles',
    meet: (all) => all.fields.num_cycles !== undefined && !ownOf(all).includes('num_cycles'),
    message: ({ fields }) => `num_cycles is of cosines, not of ${fields.lr_scheduler_type}`,
    suggestion: 'leave it out',
  },
  {
    code: 'two-numbers-of-cycles',
    path: 'num_cycles',
    meet: ({ fields, kwargs }) =>
      fields.num_cycles !== undefined && kwargs?.num_cycles !== undefined,
    message: () => 'num_cycles is given twice, once in lr_scheduler_kwargs',
    suggestion: 'give it once',
  },
  {
    code: 'kwargs-of-another-schedule',
    path: 'lr_scheduler_kwargs',
    meet: (all) => nameOf(all) !== undefined && strange(all).length > 0,
    message: (all) => `${all.fields.lr_scheduler_type} has no ${strange(all).join(' and no ')}`,
    suggestion: 'leave out of lr_scheduler_kwargs what is of other schedules',
  },
  {
    code: 'schedule-without-its-kwargs',
    path: 'lr_scheduler_kwargs',
    meet: (all) =>
      needsOf(all).length > 0 &&
      givenOf(needsOf(all), all.given['lr_scheduler_kwargs']).length === 0,
    message: (all) => `${all.fields.lr_scheduler_type} needs ${needsOf(all).join(' or ')}`,
    suggestion: 'give it in lr_scheduler_kwargs',
    without: ['lr_scheduler_type'],
  },
  {
    code: 'two-least-rates',
    path: 'lr_scheduler_kwargs.min_lr_rate',
    meet: ({ kwargs }) => kwargs?.min_lr !== undefined && kwargs.min_lr_rate !== undefined,
    message: () => 'min_lr and min_lr_rate are both given',
    suggestion: 'give one of them',
  },
  {
    code: 'end-above-start',
    path: 'lr_scheduler_kwargs.lr_end',
    meet: (all) => nameOf(all) === 'polynomial' && endOf(all) >= all.fields.learning_rate,
    message: (all) =>
      `a polynomial ends at lr_end ${endOf(all)}, which is not below learning_rate ${all.fields.learning_rate}`,
    suggestion: 'give a smaller lr_end',
    without: ['lr_scheduler_kwargs.lr_end', 'learning_rate'],
  },
];
