import * as v from 'valibot';
import { type GgufType, isGgufType } from '../../quant/gguf/types.ts';
import type { RopeScaling, SlidingWindow } from '../../vocabulary/attention/rope-scaling.ts';
import { FormatError } from '../format-error.ts';
import { isJsonObject, type JsonObject, parseJsonObject } from '../strict-json.ts';
import { type Architecture, FAMILIES, type Family } from './architecture.ts';
import { ConfigError, type ConfigFault } from './config-error.ts';
import { atLeast, fieldsOf, flag, missing, oneOf, shown, whole, within } from './fields.ts';
import { type MlxQuantization, mlxQuantizationOf } from './mlx-codes.ts';
import { ropeOf } from './rope.ts';
import { windowOf } from './sliding-window.ts';

/** A config.json has one or two kilobytes; what is larger is another file. */
export const MOST_CONFIG_BYTES = 2 ** 20;

/** Far above any published model, and small enough that every sum of the sheet is exact. */
const HEADS = whole(1024);
const FIELDS = v.looseObject({
  hidden_size: whole(2 ** 16),
  intermediate_size: whole(2 ** 20),
  num_hidden_layers: whole(1024),
  num_attention_heads: HEADS,
  num_key_value_heads: v.optional(HEADS),
  head_dim: v.optional(whole(2 ** 14)),
  vocab_size: whole(2 ** 22),
  max_position_embeddings: whole(2 ** 27),
  tie_word_embeddings: v.optional(flag, false),
  attention_bias: v.optional(flag, false),
  mlp_bias: v.optional(flag, false),
  rms_norm_eps: v.optional(within(0, 1), 1e-6),
  // Two names of one function.
  hidden_act: v.optional(oneOf(['silu', 'swish'])),
});
type Fields = v.InferOutput<typeof FIELDS>;

/** What a checkpoint of transformers computes: sizes, and all else that its layers depend on. */
export interface ModelConfig extends Architecture {
  readonly rmsEps: number;
  readonly ropeTheta: number;
  readonly ropeScaling?: RopeScaling;
  readonly slidingWindow?: SlidingWindow;
  /** How the weights of the checkpoint are quantized, by transformers' name, or `mlx`. */
  readonly quantization?: string;
  /** In which codes, where MLX made them. */
  readonly mlx?: MlxQuantization;
  /** The block types of single weights, where a GGUF file has them. */
  readonly blocks?: Readonly<Record<string, GgufType>>;
  /**
   * From which size of an element on LLM.int8 takes its column of x in floats, where bitsandbytes'
   * configuration says it.
   */
  readonly int8Threshold?: number;
}

/** Whether a library has quantized the model: what is in floats still, it left so. */
export const isPrequantized = ({ quantization }: Pick<ModelConfig, 'quantization'>): boolean =>
  quantization !== undefined;

/** An architecture in the words of config.json, which {@link modelConfigOf} reads back. */
export const configFields = (model: Architecture) => ({
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
});

/**
 * The model that the text of a config.json of transformers describes. Throws {@link ConfigError}
 * with every fault, FormatError where it is no JSON object.
 */
export function readModelConfig(text: string): ModelConfig {
  if (text.length > MOST_CONFIG_BYTES)
    throw new FormatError(`has ${text.length} characters: a config.json has a few thousand`);
  return modelConfigOf(parseJsonObject(text, 'the configuration'));
}

/**
 * The same of the parsed object: what it leaves out is what transformers 5 has by default, but for
 * numbers that differ from family to family. Throws {@link ConfigError}.
 */
export function modelConfigOf(config: JsonObject): ModelConfig {
  const family = familyOf(config);
  const { fields, faults } = fieldsOf(FIELDS, config);
  const context = config['max_position_embeddings'];
  const rope = ropeOf(config, {
    context: typeof context === 'number' ? context : 1,
    pairs: fields && sizesOf(family, fields).headDim / 2,
  });
  faults.push(...rope.faults, ...dropoutFaults(config));
  // Transformers gives Llama as many, and each other family a number of its own.
  if (config['num_key_value_heads'] === undefined && family !== 'llama')
    faults.push(missing('num_key_value_heads'));
  if (config['head_dim'] == null && family === 'qwen3') faults.push(missing('head_dim'));
  if (!fields) throw new ConfigError(faults);
  const window = windowOf(config, family, fields.num_hidden_layers);
  const codes = mlxQuantizationOf(config);
  const library = quantizationOf(config);
  faults.push(...window.faults, ...headFaults(fields), ...codes.faults, ...library.faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return {
    ...sizesOf(family, fields),
    rmsEps: fields.rms_norm_eps,
    ropeTheta: rope.theta,
    ...(rope.scaling ? { ropeScaling: rope.scaling } : {}),
    ...(window.window ? { slidingWindow: window.window } : {}),
    ...(codes.mlx ? { quantization: 'mlx', mlx: codes.mlx } : library.quantized),
  };
}

function sizesOf(family: Family, fields: Fields): Architecture {
  const { hidden_size: hidden, num_attention_heads: heads } = fields;
  return {
    family,
    hidden,
    layers: fields.num_hidden_layers,
    heads,
    kvHeads: fields.num_key_value_heads ?? heads,
    headDim: fields.head_dim ?? hidden / heads,
    intermediate: fields.intermediate_size,
    vocabulary: fields.vocab_size,
    tied: fields.tie_word_embeddings,
    context: fields.max_position_embeddings,
    ...(fields.attention_bias ? { attentionBias: true } : {}),
    ...(fields.mlp_bias ? { mlpBias: true } : {}),
  };
}

/** Of another family nothing else is asked. */
function familyOf(config: JsonObject): Family {
  const named = config['model_type'];
  const family = FAMILIES.find((each) => each === named);
  if (family) return family;
  if (named === undefined || named === null) throw new ConfigError([missing('model_type')]);
  throw new ConfigError([
    {
      code: 'unknown-architecture',
      path: 'model_type',
      message: `model_type ${shown(named)} is not known here`,
      suggestion: `known are ${FAMILIES.join(', ')}`,
    },
  ]);
}

/** Heads that share no keys evenly, or columns that make no pairs. */
function headFaults({
  hidden_size: hidden,
  num_attention_heads: heads,
  num_key_value_heads: kvHeads = heads,
  head_dim,
}: Fields): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const refuse = (path: string, message: string, suggestion: string) =>
    faults.push({ code: 'does-not-fit', path, message, suggestion });
  if (heads % kvHeads !== 0)
    refuse(
      'num_key_value_heads',
      `num_attention_heads ${heads} are not shared evenly by num_key_value_heads ${kvHeads}`,
      'give a number that divides them',
    );
  if (head_dim === undefined && hidden % heads !== 0)
    refuse(
      'head_dim',
      `hidden_size ${hidden} is no multiple of num_attention_heads ${heads}, and head_dim is missing`,
      'give the columns of a head',
    );
  else if ((head_dim ?? hidden / heads) % 2 !== 0)
    refuse(
      'head_dim',
      `${head_dim ?? hidden / heads} columns of a head are no pairs that rotate`,
      'give an even number',
    );
  return faults;
}

/** Attention that drops probabilities in training is not known here. */
function dropoutFaults(config: JsonObject): readonly ConfigFault[] {
  const path = 'attention_dropout';
  const value = config[path] ?? 0;
  if (value === 0) return [];
  const message = `${path} is ${shown(value)}`;
  const suggestion = 'attention drops nothing here: give 0';
  return [{ code: 'not-supported', path, message, suggestion }];
}

/** What BitsAndBytesConfig says of products. */
const BITSANDBYTES = v.looseObject({ llm_int8_threshold: v.optional(atLeast(0)) });

const QUANTIZATION = 'quantization_config';

/** What a library says of its codes, and what of that is no value it can have. */
function quantizationOf(config: JsonObject): {
  readonly quantized: Pick<ModelConfig, 'quantization' | 'blocks' | 'int8Threshold'>;
  readonly faults: readonly ConfigFault[];
} {
  const given = config[QUANTIZATION];
  if (!isJsonObject(given)) return { quantized: {}, faults: [] };
  const quantization = String(given['quant_method'] ?? 'an unnamed method').slice(0, 40);
  if (quantization === 'bitsandbytes') {
    const { fields, faults } = fieldsOf(BITSANDBYTES, given, `${QUANTIZATION}.`);
    const int8Threshold = fields?.llm_int8_threshold;
    return {
      quantized: { quantization, ...(int8Threshold === undefined ? {} : { int8Threshold }) },
      faults,
    };
  }
  const { types } = given;
  const hasBlocks =
    quantization === 'gguf' && isJsonObject(types) && Object.values(types).every(isGgufType);
  const blocks = hasBlocks ? { blocks: types as Readonly<Record<string, GgufType>> } : {};
  return { quantized: { quantization, ...blocks }, faults: [] };
}
