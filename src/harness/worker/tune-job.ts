import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { OutputFolder } from '../../formats/output-folder.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { mergeAdapter, trainAndJudgeLlama } from '../../testing/llama-training.ts';
import { type Case, caseId } from '../../testing/suite.ts';
import { STEPS_REVERSED } from '../../testing/training.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { FromWorker, TuneMessage } from './messages.ts';
import { runCase } from './run-case.ts';
import { tunedSaver } from './save-tuned.ts';
import type { CaseConditions } from './scopes.ts';

/** The suite of trainings of a type, as it stands in ids. */
export const tuningSuite = (type: string): string => `train.${type}`;

/** `train.qlora:my-model;seed=42;steps=300` */
export function tuningId({ config: { type, seed }, name, steps }: TuneMessage): string {
  return caseId(tuningSuite(type), name, { seed, steps });
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
    stopped,
    post,
  }: {
    readonly openFolder: (place: string) => Promise<ModelFolder>;
    readonly outputFolder: (place: string) => OutputFolder;
    readonly stopped: () => boolean;
    readonly post: (answer: FromWorker) => void;
  },
): Promise<void> {
  let saved: readonly OutputFile[] = [];
  const { config, texts } = message;
  const job: Case = {
    id: tuningId(message),
    suite: tuningSuite(config.type),
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
      const training = { folder, model, texts, config, saved: message.saved };
      const saving = { message, folder, config: model, outputFolder, post };
      const saveModel = tunedSaver(gpu, saving);
      if (message.steps === 0 && saveModel) await mergeAdapter(t, training, saveModel);
      else
        await trainAndJudgeLlama(t, training, message.base, {
          stopped,
          saveModel,
          tell: (progress) => post({ type: 'tuning', progress }),
          save: (files) => {
            saved = files;
          },
        });
    },
  };
  const { seed } = config;
  const { outcome, files } = await runCase(job, gpu, { ...conditions, seed, control: false });
  post({ type: 'trained', outcome, files: [...saved, ...files] });
}
