import { quote } from '../formats/format-error.ts';
import { type JsonObject, parseJsonObject } from '../formats/strict-json.ts';
import { type Architecture, FAMILIES, type Family } from './architecture.ts';
import { SheetError } from './sheet-error.ts';

/** A config.json has one or two kilobytes; what is larger is another file. */
export const MOST_CONFIG_BYTES = 2 ** 20;

/** Far above any published model, and small enough that every sum of the sheet is exact. */
const MOST = {
  hidden_size: 2 ** 16,
  intermediate_size: 2 ** 20,
  num_hidden_layers: 1024,
  num_attention_heads: 1024,
  num_key_value_heads: 1024,
  head_dim: 2 ** 14,
  vocab_size: 2 ** 22,
  max_position_embeddings: 2 ** 27,
} as const;

/**
 * The architecture that the text of a config.json of transformers describes. Throws
 * {@link SheetError} with one line about what is wrong, FormatError where it is no JSON object.
 */
export function readModelConfig(text: string): Architecture {
  if (text.length > MOST_CONFIG_BYTES)
    throw new SheetError(`has ${text.length} characters: a config.json has a few thousand`);
  return architectureOf(parseJsonObject(text, 'the configuration'));
}

/** The same of the parsed object. Throws {@link SheetError}. */
export function architectureOf(config: JsonObject): Architecture {
  const family = familyOf(config);
  const hidden = sizeOf(config, 'hidden_size');
  const heads = sizeOf(config, 'num_attention_heads');
  const isShared = config['num_key_value_heads'] != null;
  // Transformers gives Llama as many, and each other family a number of its own.
  if (!isShared && family !== 'llama') throw missing('num_key_value_heads');
  const kvHeads = isShared ? sizeOf(config, 'num_key_value_heads') : heads;
  if (heads % kvHeads !== 0)
    throw new SheetError(
      `num_attention_heads ${heads} are not shared evenly by num_key_value_heads ${kvHeads}`,
    );
  const isTold = config['head_dim'] != null;
  // Qwen3 has a number of its own where it is absent.
  if (!isTold && family === 'qwen3') throw missing('head_dim');
  if (!isTold && hidden % heads !== 0)
    throw new SheetError(
      `hidden_size ${hidden} is no multiple of num_attention_heads ${heads}, and head_dim is missing`,
    );
  return {
    family,
    hidden,
    layers: sizeOf(config, 'num_hidden_layers'),
    heads,
    kvHeads,
    headDim: isTold ? sizeOf(config, 'head_dim') : hidden / heads,
    intermediate: sizeOf(config, 'intermediate_size'),
    vocabulary: sizeOf(config, 'vocab_size'),
    tied: flagOf(config, 'tie_word_embeddings'),
    context: sizeOf(config, 'max_position_embeddings'),
    ...(flagOf(config, 'attention_bias') ? { attentionBias: true } : {}),
    ...(flagOf(config, 'mlp_bias') ? { mlpBias: true } : {}),
  };
}

/**
 * An architecture as one line for an address, `model_type=llama;hidden_size=2048;...`, in the words
 * of config.json: {@link parseModelText} reads it back.
 */
export function modelText(model: Architecture): string {
  const fields = {
    model_type: model.family,
    hidden_size: model.hidden,
    num_hidden_layers: model.layers,
    num_attention_heads: model.heads,
    num_key_value_heads: model.kvHeads,
    head_dim: model.headDim,
    intermediate_size: model.intermediate,
    vocab_size: model.vocabulary,
    max_position_embeddings: model.context,
    tie_word_embeddings: model.tied,
    ...(model.attentionBias ? { attention_bias: true } : {}),
    ...(model.mlpBias ? { mlp_bias: true } : {}),
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}

/** Reads what {@link modelText} wrote. Throws {@link SheetError}. */
export function parseModelText(text: string): Architecture {
  const fields = text.split(';').map((field) => {
    const at = field.indexOf('=');
    return [field.slice(0, Math.max(at, 0)), fieldOf(field.slice(at + 1))] as const;
  });
  return architectureOf(Object.fromEntries(fields));
}

function fieldOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}

function familyOf(config: JsonObject): Family {
  const named = config['model_type'];
  const family = FAMILIES.find((each) => each === named);
  if (family) return family;
  if (named === undefined || named === null) throw missing('model_type');
  throw new SheetError(
    `model_type ${shown(named)} is not known here: the sheet has ${FAMILIES.join(', ')}`,
  );
}

function sizeOf(config: JsonObject, name: keyof typeof MOST): number {
  const value = config[name];
  if (value === undefined || value === null) throw missing(name);
  const most = MOST[name];
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= most)
    return value;
  throw new SheetError(`${name} is ${shown(value)}: it must be a whole number from 1 to ${most}`);
}

function flagOf(config: JsonObject, name: string): boolean {
  const value = config[name] ?? false;
  if (typeof value === 'boolean') return value;
  throw new SheetError(`${name} is ${shown(value)}: it must be true or false`);
}

/** A value of a hostile file for a line. */
const shown = (value: unknown): string =>
  typeof value === 'number'
    ? String(value)
    : quote(typeof value === 'string' ? value : JSON.stringify(value));

const missing = (name: string): SheetError =>
  new SheetError(`${name} is missing: give the config.json of a model as transformers saves it`);
