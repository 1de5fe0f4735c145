import { FormatError } from '../../../formats/format-error.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import { type Retrained, retrainedTensors, unties } from '../../../models/llama/lora/retrained.ts';
import type { LlamaRun } from '../../../reference/llama/run.ts';
import type { Value, Values } from '../../../reference/record.ts';
import type { BundleValues } from './bundle-values.ts';
import { recordedNames } from './names.ts';

const HEAD = 'lm_head.weight';

/**
 * The tensors that a run trains beside its adapters, by their names in the model; `adapted` are the
 * modules with an adapter. Throws AdapterError.
 */
export const retrainedIn = (
  model: ModelConfig,
  { bias = 'none', modules_to_save = [] }: Pick<TrainLlamaParams, 'bias' | 'modules_to_save'>,
  adapted: ReadonlySet<string>,
): ReadonlyMap<string, Retrained> => retrainedTensors(model, { bias, modules_to_save }, adapted);

/**
 * Their values before the first step: those of the base, or of `lora0` where a recording has them.
 * A head that was tied to the embeddings gets a table of its own among the `frozen` where either
 * is trained, as PEFT leaves the other as it is. Throws FormatError for one that is in codes.
 */
export function retrainedValues(
  retrained: ReadonlyMap<string, Retrained>,
  frozen: LlamaRun['frozen'],
  tensors: BundleValues,
): { readonly trained: Values; readonly frozen: LlamaRun['frozen'] } {
  const floats = (name: string): Value => {
    const value = frozen[name] as LlamaRun['frozen'][string];
    if ('data' in value) return value;
    throw new FormatError(`train_llama: modules_to_save meet ${name}, which is quantized`);
  };
  const trained = Object.fromEntries(
    [...retrained].map(([name, { shape, source }]) => {
      const recorded = recordedNames(name).find((one) => tensors.has(`lora0.${one}`));
      const value =
        recorded === undefined ? floats(source) : tensors.value(`lora0.${recorded}`, shape);
      return [name, value] as const;
    }),
  );
  const isUntied = unties(retrained) && !(HEAD in frozen);
  return {
    trained,
    frozen: isUntied ? { ...frozen, [HEAD]: floats('model.embed_tokens.weight') } : frozen,
  };
}
