import type { Examples } from '../../data/examples.ts';
import { scheduledRate } from '../../ops/optim/lr_schedule.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import type { LlamaTrainingConfig } from './config/read-training-config.ts';
import type { LlamaStep } from './progress.ts';
import type { RunPlan } from './run-plan.ts';

/** What a step tells, from what is known when its loss is read; `norm` holds that of its gradients. */
export async function toldStep(
  {
    started,
    step,
    loss,
    parts,
    ...memory
  }: Pick<LlamaStep, 'step' | 'loss' | 'bytes' | 'peakBytes'> & {
    readonly started: number;
    readonly parts: readonly Examples[];
  },
  { stepsOfEpoch, schedule }: RunPlan,
  { optimizer: { lr = 0 }, precision }: LlamaTrainingConfig,
  norm: Tensor | undefined,
): Promise<LlamaStep> {
  const gradNorm = norm && (await norm.read()).data[0];
  const ms = performance.now() - started;
  const tokens = parts.reduce((sum, { labels }) => sum + labels.data.length, 0);
  return {
    ...{ step, loss, tokens, ms, ...memory },
    epoch: step / stepsOfEpoch,
    tokensPerSecond: (1000 * tokens) / ms,
    ...(gradNorm === undefined ? {} : { gradNorm }),
    ...(precision === 'fp16' ? {} : { learningRate: scheduledRate(lr, schedule, step - 1) }),
  };
}
