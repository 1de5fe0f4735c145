import type { LoraFields } from './lora-fields.ts';
import { adapterOf, type LlamaTrainingConfig } from './read-training-config.ts';
import { TrainingConfigError, type TrainingConfigFault } from './training-config-error.ts';
import { TRAINING_TYPES, type TrainingType, type TrainingTypeName } from './types.ts';

/** Why a type does not go on from a saved adapter; undefined where it does. */
export function otherAdapter(
  type: TrainingTypeName,
  saved: LoraFields,
): TrainingConfigFault | undefined {
  const { adapter }: TrainingType = TRAINING_TYPES[type];
  const { use_dora = false, lora_bias } = saved;
  const isOther =
    !adapter ||
    (adapter === 'apart' && (use_dora || lora_bias)) ||
    (adapter === 'dora' && !use_dora);
  if (!isOther) return undefined;
  return {
    code: 'adapter-of-another-type',
    path: 'type',
    message: `the saved adapter is ${kindOf(saved)}, which type "${type}" does not train`,
    suggestion: use_dora ? 'give type "bnb_dora" or "hqq_dora"' : 'give type "lora" or "qlora"',
  };
}

/** The same of blocks that were added. */
export function otherThanBlocks(type: TrainingTypeName): TrainingConfigFault | undefined {
  const { expands }: TrainingType = TRAINING_TYPES[type];
  if (expands) return undefined;
  return {
    code: 'adapter-of-another-type',
    path: 'type',
    message: `what is saved are added blocks, which type "${type}" does not train`,
    suggestion: 'give type "bnb_llama_pro" or "hqq_llama_pro"',
  };
}

/**
 * The configuration of a run that goes on from a saved adapter: rules, ranks, factors and DoRA are those of
 * its own configuration. Throws {@link TrainingConfigError} as {@link otherAdapter} tells.
 */
export function continuedConfig(
  config: LlamaTrainingConfig,
  saved: LoraFields,
): LlamaTrainingConfig {
  const other = otherAdapter(config.type, saved);
  if (other) throw new TrainingConfigError([other]);
  const { adapter }: TrainingType = TRAINING_TYPES[config.type];
  const { use_dora = false } = saved;
  return { ...config, adapter: adapter && adapterOf({ ...saved, use_dora }, adapter) };
}

const kindOf = ({ use_dora, lora_bias }: LoraFields): string =>
  use_dora ? 'DoRA' : lora_bias ? 'LoRA with biases within' : 'LoRA';
