import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import {
  type ExpandedLayers,
  expandedLayers,
  expansionName,
  namesExpansion,
} from '../../models/llama/block-expansion.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import type { OutputFile } from '../adapter-files.ts';
import { float32In, MOST_WEIGHT_BYTES, wholeFile } from './saved-files.ts';

const WEIGHTS = '.safetensors';

/**
 * Blocks that were added, by their names in the expanded model; the name of the file says how many
 * blocks became how many, as fsdp_qlora's folder does.
 */
export function trainedBlocks(tensors: HostTensors, layers: ExpandedLayers): readonly OutputFile[] {
  const name = expansionName(layers) + WEIGHTS;
  return [{ name, data: writeSafetensors(tensors, { format: 'pt' }) }];
}

/** Blocks that {@link trainedBlocks} wrote. */
export interface ReadBlocks {
  readonly layers: ExpandedLayers;
  /** By their names in the expanded model, f32. */
  readonly values: ReadonlyMap<string, HostTensor>;
}

/**
 * The added blocks of a folder; undefined where it has no file of such a name. Throws ExpansionError
 * `block-expansion-name`, FormatError, CheckpointError.
 */
export async function readBlocks(folder: ModelFolder): Promise<ReadBlocks | undefined> {
  const [name, file] =
    [...folder].find(([each]) => each.endsWith(WEIGHTS) && namesExpansion(each)) ?? [];
  if (name === undefined || !file) return undefined;
  const layers = expandedLayers(name.slice(0, -WEIGHTS.length));
  return { layers, values: float32In(name, await wholeFile(name, file, MOST_WEIGHT_BYTES)) };
}

const WHOLE = `model${WEIGHTS}`;

/** Weights that were trained whole, as transformers saves them, beside which config.json belongs. */
export function trainedWeights(tensors: HostTensors): readonly OutputFile[] {
  return [{ name: WHOLE, data: writeSafetensors(tensors, { format: 'pt' }) }];
}

/** Weights that {@link trainedWeights} wrote: by their names in the model, f32. */
export interface ReadWeights {
  readonly values: ReadonlyMap<string, HostTensor>;
}

/** The weights of a folder; undefined where it has no such file. Throws FormatError, CheckpointError. */
export async function readWeights(folder: ModelFolder): Promise<ReadWeights | undefined> {
  const file = folder.get(WHOLE);
  if (!file) return undefined;
  return { values: float32In(WHOLE, await wholeFile(WHOLE, file, MOST_WEIGHT_BYTES)) };
}
