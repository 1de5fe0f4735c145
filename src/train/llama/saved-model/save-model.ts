import { headPartOf, inPairs } from '../../../formats/gguf/head-rows.ts';
import { type FileType, pairsRows } from '../../../formats/gguf/model-fields.ts';
import { ggufBytes, ggufHeader, paddingAfter } from '../../../formats/gguf/write-header.ts';
import { tensorShapes } from '../../../formats/hugging-face/architecture.ts';
import { Checkpoint } from '../../../formats/hugging-face/checkpoint.ts';
import type { ModelConfig } from '../../../formats/hugging-face/config.ts';
import { modelConfigIn } from '../../../formats/hugging-face/model-folder.ts';
import {
  copyModelFiles,
  SAVED_DTYPES,
  type SavedDType,
  SHARD_BYTES,
  savedIndex,
  savedShards,
} from '../../../formats/hugging-face/saved-folder.ts';
import type { ModelFolder } from '../../../formats/hugging-face/shards.ts';
import { type OutputFolder, writeWhole } from '../../../formats/output-folder.ts';
import { type StoredShape, safetensorsLayout } from '../../../formats/safetensors/layout.ts';
import type { JsonObject } from '../../../formats/strict-json.ts';
import type { Gpu } from '../../../gpu/gpu.ts';
import { frequenciesOf } from '../../../models/llama/frequencies.ts';
import type { Llama } from '../../../models/llama/llama.ts';
import type { LinearAdapter } from '../../../models/llama/lora/adapted-linear.ts';
import { ggufName, type ModelForm } from './forms.ts';
import { ggufPlan } from './gguf-plan.ts';
import { RoundingError, type SavingError } from './rounding-error.ts';
import { type StoredType, storedValue } from './stored-value.ts';
import { wholeValue } from './whole-values.ts';

/** A tuned model, and where it came from. */
export interface TunedModel {
  readonly model: Llama;
  /** Whose tokenizer and configuration it keeps. */
  readonly folder: ModelFolder;
  /** Of the model itself, which may have more blocks than the folder's, or a head of its own. */
  readonly config: ModelConfig;
  readonly name: string;
  /** What is merged; none where all weights were trained. */
  readonly adapters: ReadonlyMap<string, LinearAdapter>;
}

/** What was saved. */
export interface SavedModel {
  /** The element type of matrices. */
  readonly stored: StoredType;
  /** Linears whose adapters were merged. */
  readonly merged: number;
  /** What rounding did to them; absent where there are none. */
  readonly error?: SavingError | undefined;
}

const TYPES = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' } as const satisfies Readonly<
  Record<SavedDType, StoredType>
>;

/** How a model is written. */
export interface SaveOptions {
  /** Of a file of a folder, at most. */
  readonly shardBytes?: number | undefined;
  /** Told before each value how many of all are written; what it throws ends the writing. */
  readonly told?: (done: number, of: number) => void;
}

/**
 * Writes a tuned model, its adapters merged into what its codes stand for, tensor by tensor: as a
 * folder that transformers loads, or as a GGUF file. Throws SaveError for a number that the type
 * does not hold, GgufUnsupportedError.
 */
export async function saveModel(
  gpu: Gpu,
  tuned: TunedModel,
  form: ModelForm,
  out: Pick<OutputFolder, 'create'>,
  { shardBytes = SHARD_BYTES, told }: SaveOptions = {},
): Promise<SavedModel> {
  const rounding = new RoundingError();
  const values = tensorShapes(tuned.config).size;
  let done = 0;
  /** The bytes of a value by transformers' name. */
  const bytesOf = async (name: string, type: StoredType): Promise<Uint8Array> => {
    told?.(done, values);
    done += 1;
    const whole = await wholeValue(gpu, tuned.model, name, tuned.adapters);
    const { bytes, stands } = await storedValue(gpu, name, whole.value, type, !!whole.base);
    if (stands) rounding.add(whole, stands);
    return bytes;
  };
  const stored =
    form.kind === 'gguf'
      ? await saveGguf(tuned, form.type, out, bytesOf)
      : await saveFolder(
          tuned,
          form.dtype ?? (await usualDtype(tuned)),
          { out, shardBytes },
          bytesOf,
        );
  return { stored, merged: rounding.merged, error: rounding.error };
}

type BytesOf = (name: string, type: StoredType) => Promise<Uint8Array>;

/** The type of the base's floats: that of its last norm, which is in floats in every folder. */
async function usualDtype({ folder }: TunedModel): Promise<SavedDType> {
  const stored = (await Checkpoint.open(folder, await modelConfigIn(folder))).dtypeOf(
    'model.norm.weight',
  );
  const named = Object.entries(SAVED_DTYPES).find(([, dtype]) => dtype === stored);
  return (named?.[0] ?? 'float32') as SavedDType;
}

async function saveFolder(
  { folder, config }: TunedModel,
  dtype: SavedDType,
  { out, shardBytes }: { readonly out: Pick<OutputFolder, 'create'>; readonly shardBytes: number },
  bytesOf: BytesOf,
): Promise<StoredType> {
  const type = TYPES[dtype];
  const all = [...tensorShapes(config)].map(([name, shape]): [string, StoredShape] => [
    name,
    { dtype: SAVED_DTYPES[dtype], shape },
  ]);
  const shards = savedShards(new Map(all), shardBytes);
  for (const { name, tensors } of shards) {
    const { start, names } = safetensorsLayout(tensors, { format: 'pt' });
    const file = await out.create(name);
    await file.write(start);
    for (const each of names) await file.write(await bytesOf(each, type));
  }
  const index = savedIndex(shards);
  if (index !== undefined)
    await writeWhole(out, 'model.safetensors.index.json', new TextEncoder().encode(index));
  const { layers, tied } = await modelConfigIn(folder);
  await copyModelFiles(folder, out, dtype, {
    ...(config.layers === layers ? {} : fieldsOfBlocks(config)),
    ...(config.tied === tied ? {} : { tie_word_embeddings: config.tied }),
  });
  return type;
}

/** What config.json says of blocks: how many there are, and in Qwen which have a window. */
function fieldsOfBlocks({ family, layers, slidingWindow }: ModelConfig): JsonObject {
  if (family !== 'qwen2' && family !== 'qwen3') return { num_hidden_layers: layers };
  const layer_types = Array.from({ length: layers }, (_, i) =>
    slidingWindow?.layers.includes(i) ? 'sliding_attention' : 'full_attention',
  );
  return { num_hidden_layers: layers, layer_types };
}

async function saveGguf(
  { folder, config, name }: TunedModel,
  type: FileType,
  out: Pick<OutputFolder, 'create'>,
  bytesOf: BytesOf,
): Promise<StoredType> {
  const { fields, tensors } = await ggufPlan(folder, config, name, type);
  const file = await out.create(ggufName(type));
  await file.write(ggufHeader(fields, tensors));
  for (const [place, tensor] of tensors) {
    const { source, type: own, shape } = tensor;
    const bytes = source ? await bytesOf(source, own as StoredType) : ropeFactors(config);
    const part = pairsRows(config) ? headPartOf(place) : undefined;
    const heads = part === 'q' ? config.heads : config.kvHeads;
    await file.write(part ? inPairs(place, bytes, shape[0] as number, heads) : bytes);
    await file.write(new Uint8Array(paddingAfter(ggufBytes(tensor))));
  }
  return type;
}

/** By how much a scaling divides each frequency: generate_extra_tensors of conversion/llama.py. */
function ropeFactors({ headDim, ropeTheta, ropeScaling, context }: ModelConfig): Uint8Array {
  const rope = { head_dim: headDim, rope_theta: ropeTheta };
  const plain = frequenciesOf(rope, context).inverse;
  const scaled = frequenciesOf({ ...rope, rope_scaling: ropeScaling }, context).inverse;
  return new Uint8Array(Float32Array.from(plain, (x, i) => x / (scaled[i] as number)).buffer);
}
