import type { ExpandedLayers } from '../../../models/llama/block-expansion.ts';
import type { LoraFields } from './lora-fields.ts';
import { adapterOf, type LlamaTrainingConfig } from './read-training-config.ts';
import { TrainingConfigError } from './training-config-error.ts';
import { TRAINING_TYPES, type TrainingType } from './types.ts';

/**
 * The configuration of a run that goes on from a saved adapter: rules, ranks, factors and DoRA are those of
 * its own configuration. Throws {@link TrainingConfigError} where the type trains no adapter or
 * another sort.
 */
export function continuedConfig(
  config: LlamaTrainingConfig,
  saved: LoraFields,
): LlamaTrainingConfig {
  const { type } = config;
  const what: TrainingType = TRAINING_TYPES[type];
  const { use_dora = false, lora_bias } = saved;
  const wrong =
    !what.adapter ||
    (what.adapter === 'apart' && (use_dora || lora_bias)) ||
    (what.adapter === 'dora' && !use_dora);
  if (wrong || !what.adapter)
    throw new TrainingConfigError([
      {
        code: 'adapter-of-another-type',
        path: 'type',
        message: `the saved adapter is ${kindOf(saved)}, which type "${type}" does not train`,
        suggestion: use_dora ? 'give type "bnb_dora" or "hqq_dora"' : 'give type "lora" or "qlora"',
      },
    ]);
  return { ...config, adapter: adapterOf({ ...saved, use_dora }, what.adapter) };
}

const kindOf = ({ use_dora, lora_bias }: LoraFields): string =>
  use_dora ? 'DoRA' : lora_bias ? 'LoRA with biases within' : 'LoRA';

/**
 * The same for a run that goes on from blocks that were added. Throws {@link TrainingConfigError} where
 * the type adds none.
 */
export function continuedBlocks(
  config: LlamaTrainingConfig,
  expanded: ExpandedLayers,
): LlamaTrainingConfig {
  const { type, expansionRate } = config;
  if (expansionRate === undefined)
    throw new TrainingConfigError([
      {
        code: 'adapter-of-another-type',
        path: 'type',
        message: `what is saved are added blocks, which type "${type}" does not train`,
        suggestion: 'give type "bnb_llama_pro" or "hqq_llama_pro"',
      },
    ]);
  return { ...config, expanded };
}
