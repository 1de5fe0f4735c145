import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { OutputFolder, OutputPlace } from '../../formats/output-folder.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { linearAdapters, tunedConfig } from '../../train/llama/open-model.ts';
import type { LlamaProgress } from '../../train/llama/progress.ts';
import { MODEL_FORMS } from '../../train/llama/saved-model/forms.ts';
import { type SavedModel, saveModel } from '../../train/llama/saved-model/save-model.ts';
import type { TuneMessage } from './messages.ts';

/** Where a tuned model comes from and goes to. */
interface Saving {
  readonly message: TuneMessage;
  readonly folder: ModelFolder;
  readonly config: ModelConfig;
  readonly outputFolder: (place: OutputPlace) => OutputFolder;
  readonly tell: (progress: LlamaProgress) => void;
}

/** Writes a tuned model in the form that was asked for, and tells it; undefined where none was. */
export function tunedSaver(
  gpu: Gpu,
  { message, folder, config, outputFolder, tell }: Saving,
): ((model: Llama) => Promise<SavedModel>) | undefined {
  const { save, name } = message;
  if (!save) return undefined;
  const { adapter } = message.config;
  const adapters = adapter ? linearAdapters(config, adapter) : new Map();
  const own = tunedConfig(config, message.config);
  return async (model) => {
    await using out = outputFolder(save.place);
    const tuned = { model, folder, config: own, name, adapters };
    const saved = await saveModel(gpu, tuned, MODEL_FORMS[save.form], out);
    const files = await out.finish();
    tell({ type: 'written', ...saved, files });
    return saved;
  };
}
