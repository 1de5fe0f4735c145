import { GradproofError } from '../../errors.ts';
import { seam } from '../../seam.ts';
import { hostTensorFrom } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { type Schedule, lrSchedule as signature } from '../../vocabulary/optim/lr_schedule.ts';
import { launcher } from '../launcher.ts';

/**
 * Share of the base rate at step `step`, which counts from 0: after a linear warm-up 1, a line or a
 * cosine; never negative. Throws GradproofError `schedule-total` for a line or a cosine without a
 * total.
 */
export const rateFactor = seam(
  'lr_schedule.rateFactor',
  ({ name, warmup = 0, total, num_cycles = 0.5 }: Schedule, step: number): number => {
    if (step < warmup) return step / warmup;
    if (name === 'constant') return 1;
    if (total === undefined)
      throw new GradproofError(
        'schedule-total',
        `a ${name} schedule needs the total of steps: give it as total`,
      );
    const rest = Math.max(1, total - warmup);
    if (name === 'linear') return Math.max(0, (total - step) / rest);
    return Math.max(0, (1 + Math.cos((2 * Math.PI * num_cycles * (step - warmup)) / rest)) / 2);
  },
);

/**
 * The rates of a schedule, lr: f32 [steps] from step 0 on, by default those of the run (of the
 * warm-up, where it has no end). Made on the host in float64, and rounded once.
 */
export const lrSchedule = launcher(signature, {
  variants: { host: { kernels: [] } },
  forward: (gpu, _inputs, { base_lr, steps, ...schedule }) => {
    const count = steps ?? schedule.total ?? schedule.warmup;
    const rates = Array.from({ length: count }, (_, step) => base_lr * rateFactor(schedule, step));
    return { lr: Tensor.from(gpu, hostTensorFrom('f32', [count], rates)) };
  },
});
