import { adapterFiles, type OutputFile } from '../train/adapter-files.ts';
import type { TrainingConfig } from '../train/config.ts';
import { type FineTuned, fineTune } from '../train/fine-tune.ts';
import type { Gate } from '../train/gate.ts';
import { learningFailure } from '../train/learning-check.ts';
import type { TrainingPhase, TrainingProgress } from '../train/progress.ts';
import type { StepProfile } from '../train/step-profile.ts';
import { AssertionError, type CaseContext } from './context.ts';
import { faultsOf } from './fault.ts';
import { judgeApplications } from './judge-step.ts';
import { rerunTraining } from './rerun-training.ts';
import { RunLog } from './run-log.ts';
import type { Control } from './suite.ts';

/** Receives more of a run than its evidence. */
export interface TrainingListener {
  readonly tell: (progress: TrainingProgress) => void;
  /**
   * Given the adapter's files before the run is judged: a run that learnt too little has them too.
   */
  readonly save: (files: readonly OutputFile[]) => void;
  /** Where the run waits between two steps while it is closed. */
  readonly gate?: Gate;
  /** The phases whose rest is to be left out; they are asked for while the run goes on. */
  readonly skipped?: ReadonlySet<TrainingPhase>;
  /** Times what the steps dispatch. */
  readonly profile?: StepProfile | undefined;
}

/** The fault that must turn a training run red: the optimizer climbs. */
export const STEPS_REVERSED: Control = {
  name: 'steps of the wrong sign',
  faults: faultsOf((fault) =>
    fault.launch('adamw_step.scalars', ([hyperparameters, step]) => [
      { ...hyperparameters, lr: -hyperparameters.lr },
      step,
    ]),
  ),
};

/**
 * A whole fine-tuning run as the body of a case: every op of the judged steps must be within its
 * bound, and the held-out loss must end where {@link learningFailure} wants it. A run that goes
 * wrong between judged steps is run again, to name the op; one that is too short for an answer is
 * skipped, since it proves nothing. Losses, metrics and the adapter's files become evidence.
 */
export async function trainAndJudge(
  t: CaseContext,
  text: Uint8Array<ArrayBuffer>,
  config: TrainingConfig,
  listener?: TrainingListener,
): Promise<void> {
  const log = new RunLog();
  const heldout: number[] = [];
  const { gate, skipped, profile } = listener ?? {};
  const rerun = () => {
    listener?.tell({ type: 'phase', phase: 'examining', skippable: true });
    return rerunTraining(t, text, config, log, () => skipped?.has('examining') ?? false);
  };
  const run = fineTune(t.gpu, text, config, {
    judge: async (step, applications) => {
      try {
        return await judgeApplications(t, step, applications);
      } catch (error) {
        // An op that should have given no number was given none: something before it has gone
        // wrong.
        if (error instanceof AssertionError && error.at?.expected === null) log.addAnomaly(step);
        throw error;
      }
    },
    keep: (state) => log.keep(state),
    note: (steps) => log.note(steps),
    gate,
    skipped,
    profile,
  });
  const telling = follow(run, (progress) => {
    if (progress.type === 'step') log.addLoss(progress.loss);
    if (progress.type === 'heldout') heldout.push(progress.loss);
    t.series('loss', log.losses);
    t.series('heldout', heldout);
    listener?.tell(progress);
    return progress.type !== 'step' || Number.isFinite(progress.loss);
  });
  const ended = await telling.catch(async (error: unknown) => {
    if (!(error instanceof AssertionError)) throw error;
    if (!log.anomalousStep) {
      // Whose fault the wrong element is, is found out once it is thrown.
      listener?.tell({ type: 'phase', phase: 'examining', skippable: false });
      throw error;
    }
    const { failedCall } = t.evidence;
    t.evidence.failedCall = undefined;
    await rerun();
    t.evidence.failedCall = failedCall;
    throw error;
  });
  if (!ended) {
    const seen = await rerun();
    throw new AssertionError(
      'loss-not-finite',
      `the loss of step ${log.anomalousStep} is not a finite number; ${seen}`,
    );
  }
  const { metrics, measured, adapter } = ended;
  for (const [name, value] of Object.entries({ ...metrics, ...measured })) t.metric(name, value);
  const files = adapterFiles(adapter, config.model, config.seed);
  for (const { name, data } of files) t.artifact(name, data);
  listener?.save(files);
  const failure = learningFailure(metrics, text.length, config);
  if (failure?.tooShort && !log.anomalousStep)
    t.skip('too-short', `${failure.message}; ${config.answerSteps} steps give an answer`);
  // A run that learnt enough in spite of an anomalous step has gone wrong in it all the same.
  const seen = failure || log.anomalousStep ? await rerun() : '';
  t.expect(failure === undefined, () => `${failure?.message}; ${seen}`, 'not-learnt');
}

/**
 * Tells every progress and returns what the run returns; ends it, with undefined, when `tell` says
 * that it is not worth going on.
 */
async function follow(
  run: AsyncGenerator<TrainingProgress, FineTuned>,
  tell: (progress: TrainingProgress) => boolean,
): Promise<FineTuned | undefined> {
  for (let next = await run.next(); ; next = await run.next()) {
    if (next.done) return next.value;
    if (!tell(next.value)) {
      await run.return(undefined as never);
      return undefined;
    }
  }
}
