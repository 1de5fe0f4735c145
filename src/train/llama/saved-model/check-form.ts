import { tensorShapes } from '../../../formats/hugging-face/architecture.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import type { ModelFolder } from '../../../formats/hugging-face/shards.ts';
import type { AdapterSettings } from '../config/read-training-config.ts';
import { linearAdapters } from '../open-model.ts';
import { MODEL_FORMS, type ModelForm, type ModelFormName } from './forms.ts';
import { ggufPlan } from './gguf-plan.ts';
import { SaveError } from './save-error.ts';

/**
 * Whether a model can be saved so, before it is trained. Throws GgufUnsupportedError, and SaveError for
 * adapters that have no place to be merged into.
 */
export async function checkForm(
  folder: ModelFolder,
  config: ModelConfig,
  name: ModelFormName,
  adapter?: AdapterSettings | undefined,
): Promise<void> {
  const form: ModelForm = MODEL_FORMS[name];
  if (form.kind === 'gguf') await ggufPlan(folder, config, 'model', form.type);
  if (adapter?.lora_bias) requireBiases(config, adapter);
}

/** As PEFT has it, the bias of an adapter is merged into that of its linear. */
function requireBiases(config: ModelConfig, adapter: AdapterSettings): void {
  const shapes = tensorShapes(config);
  const without = [...linearAdapters(config, adapter).keys()].find(
    (module) => !shapes.has(`${module}.bias`),
  );
  if (without !== undefined)
    throw new SaveError(
      'save-bias',
      `${without} has no bias that the one of its adapter could be added to: save the adapter alone, or leave lora_bias out`,
    );
}
