import { GradproofError } from '../../errors.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import {
  lacking,
  SCHEDULE_DEFAULTS,
  type Schedule,
  type ScheduleName,
  lrSchedule as signature,
  usualCycles,
} from '../../vocabulary/optim/lr_schedule.ts';
import { launcher } from '../launcher.ts';

/** Steps after the warm-up: those done, those to come, and those that there are, at least 1. */
interface Progress {
  readonly done: number;
  readonly left: number;
  readonly rest: number;
}

const wave = (cycles: number, { done, rest }: Omit<Progress, 'left'>) =>
  (1 + Math.cos((2 * Math.PI * cycles * done) / rest)) / 2;
/** What leads from 1 down to 0, led down to `end`. */
const downTo = (end: number, share: number) => share * (1 - end) + end;

/** How a share falls from 1 to 0 while `x` goes from 0 to 1; a warm-up is one that is turned. */
const FALLS = {
  linear: (x: number) => 1 - x,
  cosine: (x: number, cycles: number) => wave(cycles, { done: x, rest: 1 }),
  '1-sqrt': (x: number) => 1 - Math.sqrt(x),
} as const;

type Shape = (schedule: Schedule, progress: Progress, lr: number) => number;

/** The share of the base rate after the warm-up, as transformers/optimization.py has it. */
const AFTER_WARMUP: Readonly<Record<Exclude<ScheduleName, 'warmup_stable_decay'>, Shape>> = {
  constant: () => 1,
  linear: (_, { left, rest }) => Math.max(0, left / rest),
  cosine: (schedule, progress) => Math.max(0, wave(cyclesOf(schedule), progress)),
  cosine_with_restarts: (schedule, { done, rest }) =>
    done >= rest
      ? 0
      : Math.max(0, (1 + Math.cos(Math.PI * ((cyclesOf(schedule) * (done / rest)) % 1))) / 2),
  cosine_with_min_lr: (schedule, progress, lr) => {
    const { min_lr = 0, min_lr_rate = min_lr / lr } = schedule;
    return Math.max(0, downTo(min_lr_rate, wave(cyclesOf(schedule), progress)));
  },
  polynomial: (schedule, { done, rest }, lr) => {
    const { lr_end, power } = { ...SCHEDULE_DEFAULTS, ...schedule };
    return downTo(lr_end / lr, Math.max(0, 1 - done / rest) ** power);
  },
  inverse_sqrt: ({ warmup = 0, timescale = warmup || 10_000 }, { done }) =>
    1 / Math.sqrt((done + timescale) / timescale),
  exponential: ({ gamma = 1 }, { done }) => gamma ** done,
};

const cyclesOf = ({ name, num_cycles = usualCycles(name) }: Schedule): number => num_cycles;

/** Warm-up, a time at 1, and a decay, each along a curve of its own. */
function stableShare(schedule: Schedule, step: number): number {
  const { warmup = 0, total = 0, num_decay_steps: decay = 0 } = schedule;
  const { min_lr_ratio, warmup_type, decay_type } = { ...SCHEDULE_DEFAULTS, ...schedule };
  const { num_stable_steps: stable = total - warmup - decay } = schedule;
  if (step < warmup) {
    const risen = FALLS[warmup_type](1 - step / warmup, 0.5);
    return Math.max(0, downTo(min_lr_ratio, risen));
  }
  const done = step - warmup - stable;
  if (done < 0) return 1;
  if (done >= decay) return min_lr_ratio;
  const fallen = FALLS[decay_type](done / Math.max(1, decay), cyclesOf(schedule));
  return Math.max(0, downTo(min_lr_ratio, fallen));
}

/**
 * The rate of step `step`, which counts from 0, of a schedule over the base rate `lr`. Throws
 * GradproofError `schedule-total` where the schedule needs the total of steps or another parameter
 * that is not given.
 */
export const scheduledRate = seam(
  'lr_schedule.scheduledRate',
  (lr: number, schedule: Schedule, step: number): number => {
    const { name, warmup = 0, total = warmup } = schedule;
    if (name === 'warmup_stable_decay') return lr * stableShare(complete(schedule), step);
    if (step < warmup) return lr * (step / warmup);
    const rest = Math.max(1, total - warmup);
    const progress = { done: step - warmup, left: total - step, rest };
    return lr * AFTER_WARMUP[name](complete(schedule), progress, lr);
  },
);

function complete(schedule: Schedule): Schedule {
  const missing = lacking(schedule);
  if (missing === undefined) return schedule;
  const what = missing === 'total' ? 'the total of steps: give it as total' : `${missing}: give it`;
  throw new GradproofError('schedule-total', `a ${schedule.name} schedule needs ${what}`);
}

/**
 * The rates of a schedule, lr: f32 [steps] from step 0 on, by default those of the run (of the
 * warm-up, where it has no end). Made on the host in float64, and rounded once.
 */
export const lrSchedule = launcher(signature, {
  variants: { host: { kernels: [] } },
  forward: (gpu, _inputs, { base_lr, steps, ...schedule }) => {
    const count = steps ?? schedule.total ?? schedule.warmup;
    const rates = Array.from({ length: count }, (_, step) =>
      scheduledRate(base_lr, schedule, step),
    );
    return { lr: Tensor.from(gpu, hostTensorFrom('f32', [count], rates)) };
  },
});
