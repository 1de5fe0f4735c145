import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import type { CodedWeight } from '../../formats/hugging-face/coded-weights.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { withScales } from '../../formats/quantized-checkpoint.ts';
import { toHostTensor } from '../../formats/safetensors/stored.ts';
import { isQuantized, type QuantizedWeight } from '../../quant/weight.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';

/** A value of a model: floats, in f32; codes of a number format, or as a library has them. */
export type ModelValue = HostTensor | QuantizedWeight<HostTensor> | CodedWeight;

/** A Llama of a folder in the memory of the host: what goes from one backend to another. */
export interface HostModel {
  readonly config: ModelConfig;
  /** By transformers' names. */
  readonly values: ReadonlyMap<string, ModelValue>;
}

/** Whether a value is in codes of a library that no number format describes. */
export const isCoded = (value: ModelValue): value is CodedWeight => 'scheme' in value;

/** The tensors that a value lies in, by their names in it. */
export function tensorsOf(value: ModelValue): Readonly<Record<string, HostTensor>> {
  return isCoded(value) || isQuantized(value) ? value.parts : { value };
}

/**
 * Reads a folder: one file, shards, or MLX's layout, whichever it is. Halves become f32, codes stay
 * as they are. Throws ConfigError and CheckpointError with every fault of it.
 */
export async function readHostModel(folder: ModelFolder): Promise<HostModel> {
  const config = await modelConfigIn(folder);
  const checkpoint = await Checkpoint.open(folder, config);
  const values = new Map<string, ModelValue>();
  for (const name of checkpoint.names) values.set(name, await readValue(checkpoint, name));
  return { config, values };
}

async function readValue(checkpoint: Checkpoint, name: string): Promise<ModelValue> {
  if (checkpoint.isQuantized(name))
    return (await checkpoint.readCoded(name)) ?? withScales(await checkpoint.readQuantized(name));
  const host = toHostTensor(await checkpoint.read(name));
  return host.dtype === 'f32' ? host : hostTensorFrom('f32', host.shape, valuesOf(host));
}
