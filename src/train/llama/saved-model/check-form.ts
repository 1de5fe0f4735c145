import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../../formats/hugging-face/shards.ts';
import { MODEL_FORMS, type ModelForm, type ModelFormName } from './forms.ts';
import { ggufPlan } from './gguf-plan.ts';

/** Whether a model can be saved so, before it is trained. Throws GgufUnsupportedError. */
export async function checkForm(
  folder: ModelFolder,
  config: ModelConfig,
  name: ModelFormName,
): Promise<void> {
  const form: ModelForm = MODEL_FORMS[name];
  if (form.kind === 'gguf') await ggufPlan(folder, config, 'model', form.type);
}
