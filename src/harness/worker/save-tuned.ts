import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { OutputFolder, OutputPlace } from '../../formats/output-folder.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { modelDigest } from '../../train/checkpoint/run-subject.ts';
import { linearAdapters, tunedConfig } from '../../train/llama/open-model.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { MODEL_FORMS } from '../../train/llama/saved-model/forms.ts';
import { SaveError } from '../../train/llama/saved-model/save-error.ts';
import { type SavedModel, saveModel } from '../../train/llama/saved-model/save-model.ts';
import type { TuneMessage } from './messages.ts';

/** Where a tuned model comes from and goes to. */
interface Saving {
  readonly message: TuneMessage;
  readonly folder: ModelFolder;
  readonly config: ModelConfig;
  readonly outputFolder: (place: OutputPlace) => OutputFolder;
  readonly tell: (progress: LlamaProgress) => void;
  /** Whether a merging is to end before it is whole; a run that is stopped is saved all the same. */
  readonly stopped: () => boolean;
}

/** Writes a tuned model in the form that was asked for, and tells it; undefined where none was. */
export function tunedSaver(
  gpu: Gpu,
  { message, folder, config, outputFolder, tell, stopped }: Saving,
): ((model: Llama) => Promise<SavedModel>) | undefined {
  const { save, name } = message;
  if (!save) return undefined;
  const { adapter } = message.config;
  const adapters = adapter ? linearAdapters(config, adapter) : new Map();
  const own = tunedConfig(config, message.config);
  const told = (done: number, of: number) => {
    if (message.steps === 0 && stopped())
      throw new SaveError('save-stopped', 'the merging was ended: nothing was written');
    tell({ type: 'writing', done, of });
  };
  return async (model) => {
    await using out = outputFolder(save.place);
    const tuned = { model, folder, config: own, name, adapters };
    const saved = await saveModel(gpu, tuned, MODEL_FORMS[save.form], out, { told });
    const files = await out.finish();
    tell({ type: 'written', ...saved, files });
    return saved;
  };
}

/** Throws SaveError `save-foreign` where the model of a folder is not the one that was trained on. */
export async function requireModel(folder: ModelFolder, trainedOn: string): Promise<void> {
  if ((await modelDigest(folder)) === trainedOn) return;
  throw new SaveError(
    'save-foreign',
    'the weights of this model are others than those that the run was of: choose the model that it trained',
  );
}
