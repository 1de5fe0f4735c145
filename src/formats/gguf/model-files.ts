import { GGUF_TYPE_NAMES, isGgufType } from '../../quant/gguf/types.ts';
import { FormatError, quote } from '../format-error.ts';
import type { ModelFolder } from '../hugging-face/shards.ts';
import { type PartFile, partsOfBytes } from '../part-file.ts';
import { type StoredShape, safetensorsLayout, storedBytes } from '../safetensors/layout.ts';
import type { StoredDType } from '../safetensors/stored.ts';
import type { JsonObject } from '../strict-json.ts';
import { configJson } from './config-json.ts';
import { headPartOf, inHalves } from './head-rows.ts';
import { type GgufHeader, type GgufPlace, openGguf } from './header.ts';
import { joinedParts } from './joined-parts.ts';
import { huggingFaceName } from './llama-names.ts';
import { ROPE_FACTORS, scalingOfFactors } from './rope-factors.ts';
import { tokenizerJson } from './tokenizer-json.ts';

const FLOATS: Readonly<Record<string, StoredDType>> = { f32: 'F32', f16: 'F16', bf16: 'BF16' };

/**
 * The files of a folder of Hugging Face that a lone `.gguf` file of llama.cpp stands for: config.json
 * and tokenizer from its keys, and its tensors as a safetensors file that is never made, each read
 * where it lies. Blocks are rows of bytes there, whose types config.json has in
 * `quantization_config.types`; rows of q and k that are in pairs come in halves. Throws FormatError,
 * ConfigError and TokenizerError for what is wrong, unknown or has no layers here. Later faults of its
 * tensors call the file by `name`.
 */
export async function ggufModelFiles(file: PartFile, name = 'model.gguf'): Promise<ModelFolder> {
  const header = await openGguf(file);
  const factors = await factorsIn(file, header);
  const config = configJson(header, (theta) => factors && scalingOfFactors(factors, theta));
  const { pipeline, settings } = tokenizerJson(header.metadata);
  const tensors = tensorsOf(header);
  const types = Object.fromEntries(
    [...tensors].flatMap(([name, { type }]) => (isGgufType(type.name) ? [[name, type.name]] : [])),
  );
  const inCodes = Object.keys(types).length > 0;
  const quantization_config = { quant_method: 'gguf', types };
  return new Map([
    ['config.json', json({ ...config, ...(inCodes ? { quantization_config } : {}) })],
    ['tokenizer.json', json(pipeline)],
    ['tokenizer_config.json', json(settings)],
    ['model.safetensors', { ...asSafetensors(file, tensors, headsOf(config)), called: name }],
  ]);
}

const json = (value: JsonObject): PartFile =>
  partsOfBytes(new TextEncoder().encode(JSON.stringify(value)));

/** A tensor of the file that has a name in transformers. */
interface NamedPlace extends GgufPlace {
  /** llama.cpp's name. */
  readonly own: string;
}

function tensorsOf({ places }: GgufHeader): ReadonlyMap<string, NamedPlace> {
  const named = new Map<string, NamedPlace>();
  for (const [own, place] of places) {
    if (own === ROPE_FACTORS) continue;
    const name = huggingFaceName(own);
    if (name === undefined)
      throw new FormatError(
        `${quote(own)} is no tensor of a Llama, Qwen or Mistral: other models are not read here`,
      );
    const { name: type } = place.type;
    if (!FLOATS[type] && !isGgufType(type))
      throw new FormatError(
        `${quote(own)} is ${type}, which is not read here: quantize the model with llama-quantize to one of ${[...Object.keys(FLOATS), ...GGUF_TYPE_NAMES].join(', ')}`,
      );
    named.set(name, { ...place, own });
  }
  return named;
}

/** Heads whose rows are in pairs, by part; none where rows are in halves. */
type Heads = Readonly<Record<'q' | 'k', number>> | undefined;

const headsOf = (config: JsonObject): Heads =>
  config['model_type'] === 'llama'
    ? { q: config['num_attention_heads'] as number, k: config['num_key_value_heads'] as number }
    : undefined;

/** The tensors as a safetensors file has them. */
function asSafetensors(
  file: PartFile,
  tensors: ReadonlyMap<string, NamedPlace>,
  heads: Heads,
): PartFile {
  const stored = new Map(
    [...tensors].map(([name, place]): [string, StoredShape] => [name, storedShape(place)]),
  );
  const { start, names } = safetensorsLayout(stored, {});
  return joinedParts([
    partsOfBytes(start),
    ...names.map((name) => {
      const place = tensors.get(name) as NamedPlace;
      const bytes = storedBytes(stored.get(name) as StoredShape);
      const part = heads && headPartOf(place.own);
      const whole = async () => await file.read(place.start, place.end);
      if (!part) return { bytes, read: lying(file, place) };
      const rows = place.shape[0] ?? 0;
      return {
        bytes,
        read: async (from: number, to: number) =>
          inHalves(place.own, await whole(), rows, heads[part]).subarray(from, to),
      };
    }),
  ]);
}

const lying =
  (file: PartFile, { start }: GgufPlace): PartFile['read'] =>
  (from, to) =>
    file.read(start + from, start + to);

function storedShape({ type, shape, start, end }: GgufPlace): StoredShape {
  const dtype = FLOATS[type.name];
  if (dtype) return { dtype, shape };
  const lines = shape.slice(0, -1);
  const rows = lines.reduce((product, n) => product * n, 1);
  return { dtype: 'U8', shape: [...lines, rows === 0 ? 0 : (end - start) / rows] };
}

async function factorsIn(
  file: PartFile,
  { places }: GgufHeader,
): Promise<Float32Array | undefined> {
  const place = places.get(ROPE_FACTORS);
  if (!place) return undefined;
  if (place.type.name !== 'f32')
    throw new FormatError(`${ROPE_FACTORS} is ${place.type.name} and should be f32`);
  return new Float32Array((await file.read(place.start, place.end)).slice().buffer);
}
