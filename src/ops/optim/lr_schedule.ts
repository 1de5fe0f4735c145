import { GradproofError } from '../../errors.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { defineOp } from '../op.ts';

/** A learning rate over the steps of a run, as transformers' get_scheduler has it. */
export interface Schedule {
  readonly name: 'constant' | 'linear' | 'cosine';
  /** Steps over which the rate rises from 0. Default 0. */
  readonly warmup?: number;
  /** Steps of the run: where linear and half a cycle of cosine end at 0. Only constant can do without. */
  readonly total?: number;
  /** Cycles of the cosine. Default 0.5. */
  readonly num_cycles?: number;
}

/**
 * Share of the base rate at step `step`, which counts from 0: after a linear warm-up 1, a line or a cosine; never negative. Throws
 * GradproofError `schedule-total` for a line or a cosine without a total.
 */
export const rateFactor = seam(
  'lr_schedule.rateFactor',
  ({ name, warmup = 0, total, num_cycles = 0.5 }: Schedule, step: number): number => {
    if (step < warmup) return step / warmup;
    if (name === 'constant') return 1;
    if (total === undefined) throw new GradproofError('schedule-total', `a ${name} schedule needs the total of steps: give it as total`);
    const rest = Math.max(1, total - warmup);
    if (name === 'linear') return Math.max(0, (total - step) / rest);
    return Math.max(0, (1 + Math.cos((2 * Math.PI * num_cycles * (step - warmup)) / rest)) / 2);
  },
);

/** The rates of a schedule, lr: f32 [steps] from step 0 on, by default those of the run (of the warm-up, where it has no end). Made on the host in float64, and rounded once. */
export const lrSchedule = defineOp<never, never, 'lr', Schedule & { readonly base_lr: number; readonly steps?: number }>({
  name: 'lr_schedule',
  variants: { host: { kernels: [], depth: () => 1 } },
  forward: (gpu, _inputs, { base_lr, steps, ...schedule }) => {
    const count = steps ?? schedule.total ?? schedule.warmup ?? 0;
    const rates = Array.from({ length: count }, (_, step) => base_lr * rateFactor(schedule, step));
    return { lr: Tensor.from(gpu, hostTensorFrom('f32', [count], rates)) };
  },
});
