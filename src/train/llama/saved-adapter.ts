import type { ModelFolder } from '../../formats/hugging-face/shards.ts';
import { writeSafetensors } from '../../formats/safetensors/write.ts';
import { parseJsonObject } from '../../formats/strict-json.ts';
import { AdapterError } from '../../models/llama/lora/adapter-error.ts';
import { retrainedName, retrainedOf } from '../../models/llama/lora/retrained.ts';
import { USUAL_TARGETS } from '../../models/llama/lora/targets.ts';
import type { HostTensor, HostTensors } from '../../tensor/host.ts';
import { ADAPTER_FILES, type OutputFile } from '../adapter-files.ts';
import { type LoraFields, savedLoraFields } from './config/lora-fields.ts';
import type { AdapterSettings } from './config/read-training-config.ts';
import { TrainingConfigError } from './config/training-config-error.ts';
import { float32In, MOST_WEIGHT_BYTES, wholeFile } from './saved-files.ts';

const CONFIG = ADAPTER_FILES.config;
/** A configuration has a few kilobytes. */
const MOST_CONFIG_BYTES = 2 ** 20;

/** What an adapter is made of. */
type Part = 'lora_A' | 'lora_B' | 'lora_bias' | 'magnitude';

/** A library's file of an adapter. */
interface Layout {
  readonly file: string;
  /** What stands before the name of a module. */
  readonly prefix: string;
  /** How tensors are called behind it; what is left out the library has not. */
  readonly parts: Partial<Readonly<Record<Part, string>>>;
}

const PEFT: Layout = {
  file: ADAPTER_FILES.weights,
  prefix: 'base_model.model.',
  parts: {
    ...{ lora_A: 'lora_A.weight', lora_B: 'lora_B.weight', lora_bias: 'lora_B.bias' },
    magnitude: 'lora_magnitude_vector',
  },
};
/** The LORA layer of fsdp_qlora (scripts/lora.py) has both matrices in a Sequential. */
const LORA_AB: Layout = {
  file: 'model_state_dict.safetensors',
  prefix: '',
  parts: { lora_A: 'lora_AB.0.weight', lora_B: 'lora_AB.1.weight' },
};
/** In PEFT's model a linear lies in its adapter, and so does the bias of it. */
const BASE_BIAS = '.base_layer.bias';

/**
 * An adapter as PEFT saves it: adapter_model.safetensors and adapter_config.json. `tensors` are named
 * `<module>.lora_A`, `.lora_B`, `.lora_bias` and, with DoRA, `.magnitude`; trained copies as the model
 * names them.
 */
export function savedAdapter(
  tensors: HostTensors,
  settings: AdapterSettings,
  base: string | null,
): readonly OutputFile[] {
  const json = `${JSON.stringify(adapterConfig(settings, base), null, 2)}\n`;
  return [weightsFile(tensors, PEFT), { name: CONFIG, data: new TextEncoder().encode(json) }];
}

/**
 * The matrices as fsdp_qlora saves those of its own LORA layer: `<module>.lora_AB.0.weight` and
 * `.1.weight` in model_state_dict.safetensors. It has no file of settings. Throws AdapterError
 * `adapter-file` for biases, magnitudes and trained copies, which that layer has not.
 */
export const savedLoraAb = (tensors: HostTensors): OutputFile => weightsFile(tensors, LORA_AB);

function weightsFile(tensors: HostTensors, layout: Layout): OutputFile {
  const isAdapted = (module: string) => Object.hasOwn(tensors, `${module}.lora_A`);
  const named = Object.entries(tensors).map(
    ([name, tensor]) => [layout.prefix + nameThere(name, layout, isAdapted), tensor] as const,
  );
  const data = writeSafetensors(Object.fromEntries(named), { format: 'pt' });
  return { name: layout.file, data };
}

function nameThere(
  name: string,
  { file, parts }: Layout,
  isAdapted: (module: string) => boolean,
): string {
  const retrained = file === PEFT.file ? retrainedOf(name) : undefined;
  const own = retrained ?? name;
  const dot = own.lastIndexOf('.');
  const module = own.slice(0, dot);
  const end = own.slice(dot + 1);
  if (retrained !== undefined)
    return end === 'bias' && isAdapted(module) ? module + BASE_BIAS : retrained;
  const part = parts[end as Part];
  if (!part)
    throw new AdapterError('adapter-file', `${file} has no place for ${name}: save it as PEFT`);
  return `${module}.${part}`;
}

/** What PEFT's LoraConfig reads. */
function adapterConfig(
  { rules, retrained, dropout, use_rslora, use_dora, lora_bias }: AdapterSettings,
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
    lora_bias,
    fan_in_fan_out: false,
    init_lora_weights: true,
    use_rslora,
    use_dora,
    modules_to_save: retrained.modules_to_save.length > 0 ? retrained.modules_to_save : null,
  };
}

/** An adapter that PEFT, fsdp_qlora or this program saved. */
export interface ReadAdapter {
  readonly fields: LoraFields;
  /** By `<module>.lora_A`, `.lora_B`, `.lora_bias` and `.magnitude`, and the names of trained copies. */
  readonly values: ReadonlyMap<string, HostTensor>;
}

/**
 * Reads the adapter of a folder: adapter_config.json, and the tensors of PEFT or, where these are
 * not there, of fsdp_qlora. Throws AdapterError `adapter-file` for files that are missing or
 * hold something else, CheckpointError for a number that is not finite, TrainingConfigError for a
 * LoraConfig that is not done here.
 */
export async function readAdapter(folder: ModelFolder): Promise<ReadAdapter> {
  const text = new TextDecoder().decode(await whole(folder, CONFIG, MOST_CONFIG_BYTES));
  const { fields, faults } = savedLoraFields(parseJsonObject(text, CONFIG), `${CONFIG}: `);
  if (faults.length > 0 || !fields) throw new TrainingConfigError(faults);
  const layout = !folder.has(PEFT.file) && folder.has(LORA_AB.file) ? LORA_AB : PEFT;
  const stored = float32In(layout.file, await whole(folder, layout.file, MOST_WEIGHT_BYTES));
  return { fields, values: new Map([...stored].map(([name, x]) => [nameHere(name, layout), x])) };
}

function nameHere(stored: string, { file, prefix, parts }: Layout): string {
  const [part, end] = Object.entries(parts).find(([, each]) => stored.endsWith(`.${each}`)) ?? [];
  const isOfModel = !part && !stored.includes('.lora_') && /\.(weight|bias)$/.test(stored);
  if (isOfModel && file === PEFT.file && stored.startsWith(prefix))
    return retrainedName(stored.slice(prefix.length).replace(BASE_BIAS, '.bias'));
  if (!part || !end || !stored.startsWith(prefix))
    throw new AdapterError(
      'adapter-file',
      `${file} has ${JSON.stringify(stored.slice(0, 80))}, which is no part of a LoRA adapter of linears`,
    );
  return `${stored.slice(prefix.length, -end.length - 1)}.${part}`;
}

async function whole(folder: ModelFolder, name: string, most: number): Promise<Uint8Array> {
  const file = folder.get(name);
  if (!file)
    throw new AdapterError('adapter-file', `the folder has no ${name}: give one that PEFT saved`);
  return await wholeFile(name, file, most);
}
