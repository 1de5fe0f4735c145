import { writeSafetensors } from '../formats/safetensors/write.ts';
import type { ByteModelConfig } from '../models/byte-model/config.ts';
import { linearShapes } from '../models/byte-model/weights.ts';
import type { HostTensors } from '../tensor/host.ts';

/** A file to save. */
export interface OutputFile {
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** What PEFT calls the files of an adapter. */
export const ADAPTER_FILES = {
  weights: 'adapter_model.safetensors',
  config: 'adapter_config.json',
} as const;

/**
 * The adapter as PEFT saves it: adapter_model.safetensors and adapter_config.json. `tensors` are
 * named `<module>.lora_A` and `.lora_B`.
 */
export function adapterFiles(
  tensors: HostTensors,
  config: ByteModelConfig,
  seed: number,
): readonly OutputFile[] {
  const named = Object.entries(tensors).map(
    ([name, tensor]) => [`base_model.model.${name}.weight`, tensor] as const,
  );
  const json = `${JSON.stringify(adapterConfig(config, seed), null, 2)}\n`;
  return [
    {
      name: ADAPTER_FILES.weights,
      data: writeSafetensors(Object.fromEntries(named), { format: 'pt' }),
    },
    { name: ADAPTER_FILES.config, data: new TextEncoder().encode(json) },
  ];
}

/** What PEFT's LoraConfig reads. The base is not a file: it is drawn from the seed. */
function adapterConfig(config: ByteModelConfig, seed: number): Readonly<Record<string, unknown>> {
  return {
    peft_type: 'LORA',
    task_type: null,
    base_model_name_or_path: `gradproof/byte-mlp-seed-${seed}`,
    inference_mode: true,
    r: config.r,
    lora_alpha: config.alpha,
    lora_dropout: 0,
    target_modules: linearShapes(config).map(({ name }) => name),
    bias: 'none',
    fan_in_fan_out: false,
    init_lora_weights: true,
    use_rslora: false,
    use_dora: false,
    modules_to_save: null,
  };
}
