import type { FolderPlace } from '../../formats/hugging-face/folder-place.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { trainAndJudgeLlama } from '../../testing/llama-training.ts';
import { type Case, caseId } from '../../testing/suite.ts';
import { STEPS_REVERSED } from '../../testing/training.ts';
import type { OutputFile } from '../../train/adapter-files.ts';
import type { Gate } from '../../train/gate.ts';
import type { FromWorker, TuneMessage } from './messages.ts';
import { runCase } from './run-case.ts';
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
    stopped,
    gate,
    post,
  }: {
    readonly openFolder: (place: FolderPlace) => Promise<ModelFolder>;
    readonly stopped: () => boolean;
    readonly gate: Gate;
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
      await trainAndJudgeLlama(
        t,
        { folder, model, texts, config, saved: message.saved },
        message.base,
        {
          stopped,
          gate,
          tell: (progress) => post({ type: 'tuning', progress }),
          save: (files) => {
            saved = files;
            post({ type: 'saved', files });
          },
        },
      );
    },
  };
  const { seed } = config;
  const { outcome, files } = await runCase(job, gpu, { ...conditions, seed, control: false });
  post({ type: 'trained', outcome, files: [...saved, ...files] });
}
