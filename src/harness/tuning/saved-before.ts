import { orError } from '../../errors.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import type { JsonObject } from '../../formats/strict-json.ts';
import {
  type ExpandedLayers,
  expandedLayers,
  namesExpansion,
} from '../../models/llama/block-expansion.ts';
import { ExpansionError } from '../../models/llama/expansion-error.ts';
import {
  continuedConfig,
  otherAdapter,
  otherThanBlocks,
} from '../../train/llama/config/continued-config.ts';
import { type Combination, typeOf } from '../../train/llama/config/pair.ts';
import type { LlamaTrainingConfig } from '../../train/llama/config/read-training-config.ts';
import type { TrainingConfigFault } from '../../train/llama/config/training-config-error.ts';
import { type ReadAdapter, readAdapter } from '../../train/llama/saved-adapter.ts';
import {
  type ReadBlocks,
  type ReadWeights,
  readBlocks,
  readWeights,
} from '../../train/llama/saved-weights.ts';

/** What was trained before. */
export type ReadSaved = ReadAdapter | ReadBlocks | ReadWeights;

/** Settings below those of what is saved. */
export function continued(
  config: LlamaTrainingConfig,
  saved: ReadSaved | undefined,
): LlamaTrainingConfig {
  if (saved && 'fields' in saved) return continuedConfig(config, saved.fields);
  return saved && 'layers' in saved ? { ...config, expanded: saved.layers } : config;
}

/**
 * What a folder has of a run before: blocks that were added, all weights where these are trained, or
 * an adapter.
 */
export const readSaved = async (
  folder: ModelFolder,
  asked: JsonObject | undefined,
): Promise<ReadSaved> =>
  (await readBlocks(folder)) ??
  (asked?.['type'] === 'full' ? await readWeights(folder) : undefined) ??
  (await readAdapter(folder));

/** What is wrong with a type that does not go on from what is saved. */
export function otherType(
  all: Combination,
  saved: ReadSaved | undefined,
): readonly TrainingConfigFault[] {
  const type = typeOf(all);
  if (type === undefined || !saved) return [];
  const other =
    'fields' in saved
      ? otherAdapter(type, saved.fields)
      : 'layers' in saved
        ? otherThanBlocks(type)
        : undefined;
  return other ? [other] : [];
}

/** The blocks that are saved, or that the folder of this name has already, as far as it is one. */
export function expandedBefore(
  name: string,
  saved: ReadSaved | undefined,
): ExpandedLayers | undefined {
  if (saved && 'layers' in saved) return saved.layers;
  if (!namesExpansion(name)) return undefined;
  const named = orError(ExpansionError, () => expandedLayers(name));
  return named instanceof ExpansionError ? undefined : named;
}
