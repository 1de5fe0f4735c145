import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { thisTool } from '../../report/tool.ts';
import { mergeAdapter, trainAndJudgeLlama } from '../../testing/llama-training.ts';
import { type Case, caseId } from '../../testing/suite.ts';
import { STEPS_REVERSED } from '../../testing/training.ts';
import { CheckpointKeeper } from '../../train/checkpoint/checkpoint-keeper.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import type { AnswerPart } from '../../train/llama/question.ts';
import type { TrainingName } from '../training/partial.ts';
import { JobProfile } from './job-profile.ts';
import type { TuneMessage } from './messages.ts';
import { OtherRanks } from './rank-job.ts';
import { runCase } from './run-case.ts';
import { requireModel, tunedSaver } from './save-tuned.ts';
import type { CaseConditions } from './scopes.ts';
import type { Steering } from './steering.ts';
import type { WorkerHost } from './worker-host.ts';

/** `train.qlora:my-model;seed=42;steps=300`, and the suite of trainings of its type. */
export function tuningName({ config: { type, seed }, name, steps }: TuneMessage): TrainingName {
  const suite = `train.${type}`;
  return { id: caseId(suite, name, { seed, steps }), suite };
}

/**
 * Runs a fine-tuning of a folder as a case that is in no plan: with error scopes, leak check and
 * evidence.
 */
export async function runTuneJob(
  gpu: Gpu,
  conditions: Pick<CaseConditions, 'ieee' | 'diagnostics'>,
  message: TuneMessage,
  {
    openFolder,
    outputFolder,
    checkpointFolder,
    startRank,
    post,
    steering: { gate, stopped, questions },
  }: Pick<WorkerHost, 'openFolder' | 'outputFolder' | 'checkpointFolder' | 'startRank' | 'post'> & {
    readonly steering: Steering;
  },
): Promise<void> {
  const { config, texts, base, saved, talkMs, trainedOn } = message;
  const answer = (id: number, part: AnswerPart) => post({ type: 'answer', id, part });
  const asker = talkMs === undefined ? undefined : { questions, waitMs: talkMs, tell: answer };
  const trace = new JobProfile(message);
  const tell = (progress: LlamaProgress) => post({ type: 'training', progress });
  const job: Case = {
    ...tuningName(message),
    backend: 'webgpu',
    tier: 'full',
    covers: [],
    description:
      'Fine-tunes a Llama on texts; the held-out loss must fall, and every op of the judged steps be right.',
    needs: [],
    timeoutMs: Number.POSITIVE_INFINITY,
    control: STEPS_REVERSED,
    injects: [],
    run: async (t) => {
      const folder = await openFolder(message.folder);
      const model = await modelConfigIn(folder);
      const keeper = keeperOf(message, checkpointFolder);
      const { resume, subject, interruption } = message.checkpoints ?? {};
      const latest = interruption?.latest ?? Number.POSITIVE_INFINITY;
      const from = resume ? await keeper?.goBack([latest]) : undefined;
      using ranks = message.sharding && new OtherRanks(message, message.sharding, gpu, startRank);
      const startRanks = ranks?.start;
      const start = { from, interruption, subject, startRanks };
      const training = { folder, model, texts, config, saved, ...start };
      const saving = { message, folder, config: model, outputFolder, tell, stopped };
      const saveModel = tunedSaver(gpu, saving);
      if (message.steps === 0 && saveModel) {
        if (trainedOn !== undefined) await requireModel(folder, trainedOn);
        await mergeAdapter(t, training, saveModel);
      } else {
        const train = () =>
          trace.around(t, (profile) =>
            trainAndJudgeLlama(t, training, base, {
              ...{ gate, stopped, asker, profile, keeper, tell, saveModel },
            }),
          );
        await (ranks ? ranks.leaving(train) : train());
      }
    },
  };
  const { seed } = config;
  const { outcome, files } = await runCase(job, gpu, { ...conditions, seed, control: false });
  post({ type: 'trained', outcome, files: [...files, ...trace.files] });
}

/** Who makes the checkpoints of a run; undefined where none is asked for. */
function keeperOf(
  { checkpoints, sharding }: TuneMessage,
  checkpointFolder: WorkerHost['checkpointFolder'],
): CheckpointKeeper | undefined {
  if (!checkpoints) return undefined;
  const { place, keep, every } = checkpoints;
  const { name, version, commit } = thisTool();
  const engine = `${name} ${version} ${commit}`;
  return new CheckpointKeeper(checkpointFolder(place), { keep, every, engine, workers: sharding });
}
