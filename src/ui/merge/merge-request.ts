import type { TuningRequest } from '../../harness/tuning.ts';
import type { ModelFormName } from '../../train/llama/saved-model/forms.ts';
import { namesOf, requestReader } from '../tune/request-reader.ts';
import type { Settings } from '../tune/settings.ts';
import { smallModel } from '../tune/small-model.ts';
import type { TrainedModel } from './trained-model.ts';

/**
 * Reads what was trained and the model of it for a merging in a form. Throws, with a line for people,
 * for all that does not go together, and what the form cannot say.
 */
export async function mergeRequest(
  { folder: chosen, settings, files, trainedOn }: TrainedModel,
  form: ModelFormName,
): Promise<TuningRequest> {
  const { inspectRequest, openWebFolder, checkForm } = await requestReader();
  const { faults, request, folder, model } = await inspectRequest({
    ...namesOf(chosen?.name),
    model: chosen?.place ?? (await smallModel()),
    adapter: { kind: 'files', files },
    openFolder: openWebFolder,
    given: ofTrained(settings),
    openData: async () => undefined,
    merging: true,
  });
  if (!request || !folder || !model)
    throw new Error(faults.map(({ message }) => message).join('; '));
  await checkForm(folder, model, form, request.config.adapter);
  return { ...request, ...(trainedOn === undefined ? {} : { trainedOn }) };
}

/** What was trained says itself how it adapts the model. */
function ofTrained({ lora: _, lora_target_modules: __, ...settings }: Settings): Settings {
  return settings;
}
