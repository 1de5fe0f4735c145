import { adapterFiles, type OutputFile } from '../train/adapter-files.ts';
import type { TrainingConfig } from '../train/config.ts';
import { type FineTuned, fineTune } from '../train/fine-tune.ts';
import type { TrainingProgress } from '../train/progress.ts';
import { learningFailure } from '../train/verdict.ts';
import type { CaseContext } from './context.ts';
import { judgeApplications } from './judge-step.ts';
import type { Control } from './suite.ts';

/** Whoever follows a run beyond its evidence. */
export interface TrainingFollower {
  readonly tell: (progress: TrainingProgress) => void;
  /** Given the adapter's files before the verdict: a run that learnt too little has them too. */
  readonly save: (files: readonly OutputFile[]) => void;
}

/** The fault that must turn a training run red: the optimizer climbs. */
export const STEPS_REVERSED: Control = {
  name: 'steps of the wrong sign',
  inject: (fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [{ ...hyperparameters, lr: -hyperparameters.lr }, step]),
};

/**
 * A whole fine-tuning run as the body of a case: every op of the judged steps must be within its bound, and the held-out loss must end
 * where {@link learningFailure} wants it. Losses, metrics and the adapter's files become evidence.
 */
export async function trainAndJudge(
  t: CaseContext,
  text: Uint8Array<ArrayBuffer>,
  config: TrainingConfig,
  follower?: TrainingFollower,
): Promise<void> {
  const curves = { loss: [] as number[], heldout: [] as number[] };
  const run = fineTune(t.gpu, text, config, (step, applications) => judgeApplications(t, step, applications));
  const { metrics, adapter } = await follow(run, (progress) => {
    if (progress.type === 'step') curves.loss.push(progress.loss);
    if (progress.type === 'heldout') curves.heldout.push(progress.loss);
    for (const [name, values] of Object.entries(curves)) t.series(name, values);
    follower?.tell(progress);
  });
  for (const [name, value] of Object.entries(metrics)) t.metric(name, value);
  const files = adapterFiles(adapter, config.model, config.seed);
  for (const { name, data } of files) t.artifact(name, data);
  follower?.save(files);
  const failure = learningFailure(metrics, text.length, config);
  t.expect(failure === undefined, () => failure as string, 'not-learnt');
}

/** Tells every progress and returns what the run returns. */
async function follow(run: AsyncGenerator<TrainingProgress, FineTuned>, tell: (progress: TrainingProgress) => void): Promise<FineTuned> {
  for (let next = await run.next(); ; next = await run.next()) {
    if (next.done) return next.value;
    tell(next.value);
  }
}
