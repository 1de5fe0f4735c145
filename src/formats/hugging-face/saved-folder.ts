import { type OutputFolder, writeWhole } from '../output-folder.ts';
import { type StoredShape, storedBytes } from '../safetensors/layout.ts';
import type { StoredDType } from '../safetensors/stored.ts';
import { type JsonObject, parseJsonObject } from '../strict-json.ts';
import type { ModelFolder } from './shards.ts';

/** Element types that a model is saved in, by torch's names. */
export const SAVED_DTYPES = {
  float32: 'F32',
  float16: 'F16',
  bfloat16: 'BF16',
} as const satisfies Readonly<Record<string, StoredDType>>;
export type SavedDType = keyof typeof SAVED_DTYPES;

/** Bytes of tensors after which transformers begins another file. */
export const SHARD_BYTES = 5e9;

/** A file of weights. */
export interface SavedShard {
  readonly name: string;
  readonly tensors: ReadonlyMap<string, StoredShape>;
}

/**
 * Tensors in files of at most so many bytes, or of one tensor that is larger, by transformers' names:
 * `model.safetensors` where one holds all.
 */
export function savedShards(
  tensors: ReadonlyMap<string, StoredShape>,
  most = SHARD_BYTES,
): readonly SavedShard[] {
  const shards: Map<string, StoredShape>[] = [new Map()];
  let bytes = 0;
  for (const [name, tensor] of tensors) {
    const more = storedBytes(tensor);
    if (bytes > 0 && bytes + more > most) {
      shards.push(new Map());
      bytes = 0;
    }
    bytes += more;
    shards.at(-1)?.set(name, tensor);
  }
  const padded = (n: number) => String(n).padStart(5, '0');
  return shards.map((each, i) => ({
    name:
      shards.length === 1
        ? 'model.safetensors'
        : `model-${padded(i + 1)}-of-${padded(shards.length)}.safetensors`,
    tensors: each,
  }));
}

/** The index of several files as transformers writes it; undefined where there is one file. */
export function savedIndex(shards: readonly SavedShard[]): string | undefined {
  if (shards.length === 1) return undefined;
  const named = shards.flatMap(({ name, tensors }) =>
    [...tensors.keys()].map((key) => [key, name]),
  );
  const all = shards.flatMap(({ tensors }) => [...tensors.values()]);
  const total_size = all.reduce((sum, tensor) => sum + storedBytes(tensor), 0);
  const index = { metadata: { total_size }, weight_map: Object.fromEntries(named.sort()) };
  return `${JSON.stringify(index, null, 2)}\n`;
}

/** What belongs to a model beside its weights, where a folder has it. */
const COPIED = [
  'generation_config.json',
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'chat_template.jinja',
  'chat_template.json',
  'tokenizer.model',
  'vocab.json',
  'merges.txt',
];

/** What config.json says of weights in codes, in transformers and in MLX. */
const OF_CODES = ['quantization_config', 'quantization'];

/**
 * Writes the files of a model that are no weights: config.json of a model in floats of `dtype`, with
 * its `changed` fields, and tokenizer and templates as they are.
 */
export async function copyModelFiles(
  source: ModelFolder,
  target: Pick<OutputFolder, 'create'>,
  dtype: SavedDType,
  changed: JsonObject = {},
): Promise<void> {
  const config = source.get('config.json');
  if (config) {
    const text = new TextDecoder().decode(await config.read(0, config.bytes));
    await writeWhole(
      target,
      'config.json',
      new TextEncoder().encode(savedConfig(text, dtype, changed)),
    );
  }
  for (const name of COPIED) {
    const file = source.get(name);
    if (file && file.bytes > 0) await writeWhole(target, name, await file.read(0, file.bytes));
  }
}

/** The configuration of the same model in floats. Transformers before 5 calls their type torch_dtype. */
export function savedConfig(text: string, dtype: SavedDType, changed: JsonObject = {}): string {
  const given = parseJsonObject(text, 'config.json');
  const kept = Object.entries(given).filter(([key]) => !OF_CODES.includes(key));
  const field = 'torch_dtype' in given && !('dtype' in given) ? 'torch_dtype' : 'dtype';
  return `${JSON.stringify({ ...Object.fromEntries(kept), ...changed, [field]: dtype }, null, 2)}\n`;
}
