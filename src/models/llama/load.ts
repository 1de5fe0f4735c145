import { Checkpoint } from '../../formats/hugging-face/checkpoint.ts';
import { modelConfigIn } from '../../formats/hugging-face/model-folder.ts';
import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { type StoredTensor, toHostTensor } from '../../formats/safetensors/stored.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import { Scope } from '../../gpu/scope.ts';
import { type HostTensor, hostTensorFrom, valuesOf } from '../../tensor/host.ts';
import { Tensor } from '../../tensor/tensor.ts';
import { Llama } from './llama.ts';
import { llamaConfigOf } from './model-config.ts';

/** How a folder becomes a model. */
export interface LoadOptions {
  /** Tokens of the longest text that the model is to read. */
  readonly length: number;
  /** Which values are trained, by transformers' names. Default none: all of them are frozen. */
  readonly trains?: (name: string) => boolean;
}

/**
 * A Llama, Qwen2, Qwen3 or Mistral from a folder of transformers: config.json, and weights as
 * safetensors in one file or in shards. They become f32 on the device one after the other, so that
 * of frozen ones the host holds no more than one. The caller owns the model. Throws ConfigError and
 * CheckpointError, which name every fault of the folder, before anything is uploaded.
 */
export async function loadLlama(
  gpu: Gpu,
  folder: ModelFolder,
  { length, trains = () => false }: LoadOptions,
): Promise<Llama> {
  const config = await modelConfigIn(folder);
  const checkpoint = await Checkpoint.open(folder, config);
  using uploaded = new Scope();
  const trained = new Map<string, HostTensor>();
  const frozen = new Map<string, Tensor>();
  for (const name of checkpoint.names) {
    const weight = inFloat32(await checkpoint.read(name));
    if (trains(name)) trained.set(name, weight);
    else frozen.set(name, uploaded.add(Tensor.from(gpu, weight)));
  }
  const model = new Llama(gpu, llamaConfigOf(config, length), { trained, frozen });
  uploaded.move(); // the model has them
  return model;
}

function inFloat32(stored: StoredTensor): HostTensor {
  const host = toHostTensor(stored);
  return host.dtype === 'f32' ? host : hostTensorFrom('f32', host.shape, valuesOf(host));
}
