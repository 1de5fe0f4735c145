import type { Examples } from '../../data/examples.ts';
import { scheduledRate } from '../../ops/optim/lr_schedule.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import type { LlamaStep } from './progress.ts';
import type { RunPlan } from './run-plan.ts';

/** Tokens of the rows of a step. */
export const tokensOf = (parts: readonly Examples[]): number =>
  parts.reduce((sum, { labels }) => sum + labels.data.length, 0);

/**
 * What a step tells, from what is known when its loss is read; `norm` holds that of its gradients.
 * `updates` is how many were made so far, this step's among them unless it is left out. As Trainer
 * has it, the rate is that of the update that was made or is to be made again.
 */
export async function toldStep(
  {
    started,
    step,
    loss,
    parts,
    updates,
    isLeftOut,
    ...memory
  }: Pick<LlamaStep, 'step' | 'loss' | 'bytes' | 'peakBytes'> & {
    readonly started: number;
    readonly parts: readonly Examples[];
    readonly updates: number;
    readonly isLeftOut: boolean;
  },
  { stepsOfEpoch, schedule }: RunPlan,
  { optimizer: { lr = 0 } }: LlamaTrainingConfig,
  norm: Tensor,
): Promise<LlamaStep> {
  const gradNorm = isLeftOut ? undefined : ((await norm.read()).data[0] as number);
  const ms = performance.now() - started;
  const tokens = tokensOf(parts);
  return {
    ...{ step, loss, tokens, ms, ...memory },
    epoch: step / stepsOfEpoch,
    tokensPerSecond: (1000 * tokens) / ms,
    ...(gradNorm === undefined ? {} : { gradNorm }),
    learningRate: scheduledRate(lr, schedule, isLeftOut ? updates : updates - 1),
  };
}
