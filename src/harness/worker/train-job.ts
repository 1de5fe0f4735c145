import type { Gpu } from '../../gpu/gpu.ts';
import { type Case, caseId } from '../../testing/suite.ts';
import { STEPS_REVERSED, trainAndJudge } from '../../testing/training.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import { DEFAULT_TRAINING } from '../../train/config.ts';
import type { Gate } from '../../train/gate.ts';
import type { TrainingPhase } from '../../train/progress.ts';
import type { TrainingName } from '../training/partial.ts';
import { JobProfile } from './job-profile.ts';
import type { FromWorker, TrainMessage } from './messages.ts';
import { runCase } from './run-case.ts';
import type { CaseConditions } from './scopes.ts';

const SUITE = 'train.qlora';

/** `train.qlora:byte-mlp;seed=42;steps=300`, and the suite of such runs. */
export function trainingName({ seed, steps }: Pick<TrainMessage, 'seed' | 'steps'>): TrainingName {
  return { id: caseId(SUITE, 'byte-mlp', { seed, steps }), suite: SUITE };
}

/**
 * Runs a fine-tuning job as a case that is in no plan, so that it has what a case has: error
 * scopes, leak check, evidence.
 */
export async function runTrainJob(
  gpu: Gpu,
  conditions: Pick<CaseConditions, 'ieee' | 'diagnostics'>,
  message: TrainMessage,
  {
    gate,
    skipped,
    post,
  }: {
    readonly gate: Gate;
    readonly skipped: ReadonlySet<TrainingPhase>;
    readonly post: (answer: FromWorker) => void;
  },
): Promise<void> {
  let adapter: readonly OutputFile[] = [];
  const trace = new JobProfile(message);
  const { text, steps, seed, settings } = message;
  const job: Case = {
    ...trainingName(message),
    backend: 'webgpu',
    tier: 'full',
    covers: [],
    description:
      'Fine-tunes a byte-level model on a text; the held-out loss must fall, and every op of the judged steps be right.',
    needs: [],
    timeoutMs: Number.POSITIVE_INFINITY,
    control: STEPS_REVERSED,
    injects: [],
    run: (t) =>
      trace.around(t, (profile) =>
        trainAndJudge(
          t,
          text,
          { ...DEFAULT_TRAINING, ...settings, steps, seed },
          {
            gate,
            skipped,
            profile,
            tell: (progress) => post({ type: 'training', progress }),
            save: (saved) => {
              adapter = saved;
            },
          },
        ),
      ),
  };
  const { outcome, files } = await runCase(job, gpu, { ...conditions, seed, control: false });
  post({ type: 'trained', outcome, files: [...adapter, ...files, ...trace.files] });
}
