import { GradproofError, messageOf } from '../../../errors.ts';
import type { NonFiniteGradient } from '../../gradient-health.ts';

/** What ends a run from step `since` on. */
export abstract class LostWayError extends GradproofError {
  readonly since: number;

  constructor(code: string, message: string, since: number) {
    super(code, message);
    this.since = since;
  }
}

/** Gradients were not finite so many steps in a row, from `since` to `step`. */
export class NonFiniteGradientsError extends LostWayError {
  constructor(
    since: number,
    step: number,
    inARow: number,
    { tensor, index }: Pick<NonFiniteGradient, 'tensor' | 'index'>,
  ) {
    super(
      'nonfinite-gradients',
      `gradients are not finite ${inARow} steps in a row up to step ${step}, first ${tensor}[${index.join(', ')}]: give a smaller learning_rate, or look at the texts`,
      since,
    );
  }
}

/** The loss was too high so many steps in a row, from `since` to `step`. */
export class LossExplodedError extends LostWayError {
  constructor(since: number, step: number, inARow: number, loss: number) {
    super(
      'loss-exploded',
      `the loss is too high ${inARow} steps in a row up to step ${step}, where it is ${loss}: give a smaller learning_rate`,
      since,
    );
  }
}

/** Errors of a device that come from what a step asked of it. */
const OF_DEVICE: ReadonlySet<string> = new Set([
  'out-of-memory',
  'gpu-validation',
  'gpu-internal',
  'device',
]);

/** What was thrown within a step, with where; its code is that of an error that has one. */
export class StepError extends GradproofError {
  readonly step: number;

  constructor(step: number, epoch: number, cause: unknown) {
    const code = cause instanceof GradproofError ? cause.code : 'step-failed';
    super(code, `step ${step} (epoch ${epoch.toFixed(2)}): ${messageOf(cause)}`, { cause });
    this.step = step;
  }
}

/**
 * What is thrown of a step in which something was thrown: errors that say all there is to say as they
 * are, those of a device or of a foreign function with step and epoch.
 */
export function stepFailure(thrown: unknown, step: number, epoch: number): unknown {
  const says = thrown instanceof GradproofError && !OF_DEVICE.has(thrown.code);
  return says ? thrown : new StepError(step, epoch, thrown);
}

/** Whether a run ends by it that could go on from the step before, if it were not there. */
export const isFailure = (thrown: unknown): boolean =>
  thrown instanceof StepError && thrown.code !== 'out-of-memory';
