import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import { AdapterError } from '../../models/llama/lora/adapter-error.ts';
import { retrainedName, retrainedOf } from '../../models/llama/lora/retrained.ts';
import { USUAL_TARGETS } from '../../models/llama/lora/targets.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import type { OutputFile } from '../adapter-files.ts';
import { type LoraFields, loraFields } from './config/lora-fields.ts';
import type { AdapterSettings } from './config/read-training-config.ts';
import { TrainingConfigError } from './config/training-config-error.ts';
import { float32In, MOST_WEIGHT_BYTES, wholeFile } from './saved-files.ts';

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
/** A configuration has a few kilobytes. */
const MOST_CONFIG_BYTES = 2 ** 20;

const PREFIX = 'base_model.model.';
/** How PEFT calls the tensors of an adapter behind the name of their module. */
const STORED = {
  lora_A: 'lora_A.weight',
  lora_B: 'lora_B.weight',
  magnitude: 'lora_magnitude_vector',
} as const;
type Part = keyof typeof STORED;
/** In PEFT's model a linear lies in its adapter, and so does the bias of it. */
const BASE_BIAS = '.base_layer.bias';

/**
 * An adapter as PEFT saves it: adapter_model.safetensors and adapter_config.json. `tensors` are named
 * `<module>.lora_A`, `.lora_B` and, with DoRA, `.magnitude`; trained copies as the model names them.
 */
export function savedAdapter(
  tensors: HostTensors,
  settings: AdapterSettings,
  base: string | null,
): readonly OutputFile[] {
  const isAdapted = (module: string) => Object.hasOwn(tensors, `${module}.lora_A`);
  const named = Object.entries(tensors).map(
    ([name, tensor]) => [PREFIX + nameThere(name, isAdapted), tensor] as const,
  );
  const json = `${JSON.stringify(adapterConfig(settings, base), null, 2)}\n`;
  return [
    { name: WEIGHTS, data: writeSafetensors(Object.fromEntries(named), { format: 'pt' }) },
    { name: CONFIG, data: new TextEncoder().encode(json) },
  ];
}

function nameThere(name: string, isAdapted: (module: string) => boolean): string {
  const retrained = retrainedOf(name);
  const own = retrained ?? name;
  const dot = own.lastIndexOf('.');
  const module = own.slice(0, dot);
  const part = own.slice(dot + 1);
  if (retrained === undefined) return `${module}.${STORED[part as Part]}`;
  return part === 'bias' && isAdapted(module) ? module + BASE_BIAS : retrained;
}

/** What PEFT's LoraConfig reads. */
function adapterConfig(
  { rules, retrained, dropout, use_rslora, use_dora }: AdapterSettings,
  base: string | null,
): Readonly<Record<string, unknown>> {
  return {
    peft_type: 'LORA',
    task_type: 'CAUSAL_LM',
    base_model_name_or_path: base,
    inference_mode: true,
    r: rules.r,
    lora_alpha: rules.lora_alpha,
    lora_dropout: dropout,
    target_modules: rules.target_modules ?? USUAL_TARGETS,
    exclude_modules: rules.exclude_modules ?? null,
    layers_to_transform: rules.layers_to_transform ?? null,
    layers_pattern: rules.layers_pattern ?? null,
    rank_pattern: rules.rank_pattern ?? {},
    alpha_pattern: rules.alpha_pattern ?? {},
    bias: retrained.bias,
    fan_in_fan_out: false,
    init_lora_weights: true,
    use_rslora,
    use_dora,
    modules_to_save: retrained.modules_to_save.length > 0 ? retrained.modules_to_save : null,
  };
}

/** An adapter that PEFT or {@link savedAdapter} saved. */
export interface ReadAdapter {
  readonly fields: LoraFields;
  /** By `<module>.lora_A`, `.lora_B` and `.magnitude`, and the names of trained copies; f32. */
  readonly values: ReadonlyMap<string, HostTensor>;
}

/**
 * Reads the adapter of a folder. Throws AdapterError `adapter-file` for files that are missing or
 * hold something else, TrainingConfigError for a LoraConfig that is not done here.
 */
export async function readAdapter(folder: ModelFolder): Promise<ReadAdapter> {
  const text = new TextDecoder().decode(await whole(folder, CONFIG, MOST_CONFIG_BYTES));
  const { fields, faults } = loraFields(parseJsonObject(text, CONFIG), `${CONFIG}: `);
  if (faults.length > 0 || !fields) throw new TrainingConfigError(faults);
  const stored = float32In(await whole(folder, WEIGHTS, MOST_WEIGHT_BYTES));
  return { fields, values: new Map([...stored].map(([name, x]) => [nameHere(name), x])) };
}

function nameHere(stored: string): string {
  const part = (Object.keys(STORED) as Part[]).find((each) => stored.endsWith(`.${STORED[each]}`));
  const isOfModel = !part && !stored.includes('.lora_') && /\.(weight|bias)$/.test(stored);
  if (isOfModel && stored.startsWith(PREFIX))
    return retrainedName(stored.slice(PREFIX.length).replace(BASE_BIAS, '.bias'));
  if (!part || !stored.startsWith(PREFIX))
    throw new AdapterError(
      'adapter-file',
      `${WEIGHTS} has ${JSON.stringify(stored.slice(0, 80))}, which is no part of a LoRA adapter of linears`,
    );
  return `${stored.slice(PREFIX.length, -STORED[part].length - 1)}.${part}`;
}

async function whole(folder: ModelFolder, name: string, most: number): Promise<Uint8Array> {
  const file = folder.get(name);
  if (!file)
    throw new AdapterError('adapter-file', `the folder has no ${name}: give one that PEFT saved`);
  return await wholeFile(name, file, most);
}
