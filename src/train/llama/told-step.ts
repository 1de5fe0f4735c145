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
 * `updates` is how many there were: undefined where this step's was left out.
 */
export async function toldStep(
  {
    started,
    step,
    loss,
    parts,
    updates,
    ...memory
  }: Pick<LlamaStep, 'step' | 'loss' | 'bytes' | 'peakBytes'> & {
    readonly started: number;
    readonly parts: readonly Examples[];
    readonly updates: number | undefined;
  },
  { stepsOfEpoch, schedule }: RunPlan,
  { optimizer: { lr = 0 }, precision }: LlamaTrainingConfig,
  norm: Tensor | undefined,
): Promise<LlamaStep> {
  const gradNorm =
    norm && updates !== undefined ? ((await norm.read()).data[0] as number) : undefined;
  const ms = performance.now() - started;
  const tokens = tokensOf(parts);
  return {
    ...{ step, loss, tokens, ms, ...memory },
    epoch: step / stepsOfEpoch,
    tokensPerSecond: (1000 * tokens) / ms,
    ...(gradNorm === undefined ? {} : { gradNorm }),
    ...(precision === 'fp16' || updates === undefined
      ? {}
      : { learningRate: scheduledRate(lr, schedule, updates - 1) }),
  };
}
