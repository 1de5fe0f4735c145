import { ConfigError, type ConfigFault } from '../hugging-face/config-error.ts';
import type { JsonObject } from '../strict-json.ts';
import type { GgufHeader } from './header.ts';
import { MetadataFields } from './metadata-fields.ts';

/** Architectures of llama.cpp whose layers are here, by its names; Mistral is a llama there. */
const ARCHITECTURES = ['llama', 'qwen2', 'qwen3'];

/** Keys of an architecture that change what it computes, and have no layers here. */
const NOT_COMPUTED = [
  'logit_scale',
  'residual_scale',
  'embedding_scale',
  'attention.scale',
  'attention.clamp_kqv',
  'attn_logit_softcapping',
  'final_logit_softcapping',
  'rope.scaling.attn_factor',
  'rope.scaling.yarn_attn_factor',
  'rope.scaling.yarn_ext_factor',
];

const FOLDER = 'give the model as a folder of transformers';

/**
 * The config.json of transformers that a file's keys are those of: what llama.cpp's conversion writes
 * of a model, read back. `scaling` is the rope_scaling that factors among the tensors tell. Throws
 * {@link ConfigError} with every fault, by the keys of the file.
 */
export function configJson(
  { metadata, places }: GgufHeader,
  scalingOf: (theta: number) => JsonObject | undefined,
): JsonObject {
  const fields = new MetadataFields(metadata);
  const architecture = fields.text('general.architecture');
  if (!ARCHITECTURES.includes(architecture ?? '')) throw unknownArchitecture(architecture);
  const arch = architecture as string;
  const own = (key: string, absent?: number) => fields.number(`${arch}.${key}`, absent);
  const isThere = (name: string) => places.has(`blk.0.${name}.bias`);
  const hidden = own('embedding_length');
  const heads = own('attention.head_count');
  const head_dim = own('attention.key_length', hidden / heads);
  const theta = own('rope.freq_base', 10_000);
  const context = own('context_length');
  const config = {
    model_type: arch,
    hidden_size: hidden,
    intermediate_size: own('feed_forward_length'),
    num_hidden_layers: own('block_count'),
    num_attention_heads: heads,
    num_key_value_heads: own('attention.head_count_kv', heads),
    head_dim,
    vocab_size: places.get('token_embd.weight')?.shape[0] ?? own('vocab_size'),
    max_position_embeddings: context,
    tie_word_embeddings: !places.has('output.weight'),
    rms_norm_eps: shortest(own('attention.layer_norm_rms_epsilon')),
    rope_theta: shortest(theta),
    ...(arch !== 'qwen2' && isThere('attn_q') ? { attention_bias: true } : {}),
    ...(arch === 'llama' && isThere('ffn_up') ? { mlp_bias: true } : {}),
  };
  refuseRest(fields, arch, { head_dim, context });
  const rope_scaling = scalingOf(theta) ?? scalingOfKeys(fields, arch, context);
  if (fields.faults.length > 0) throw new ConfigError(fields.faults);
  return { ...config, ...(rope_scaling ? { rope_scaling } : {}) };
}

function unknownArchitecture(given: string | undefined): ConfigError {
  const path = 'general.architecture';
  const message = given === undefined ? `${path} is missing` : `${path} is "${given.slice(0, 40)}"`;
  const fault: ConfigFault = {
    ...{ code: 'unknown-architecture', path, message },
    suggestion: `known are ${ARCHITECTURES.join(', ')}`,
  };
  return new ConfigError([fault]);
}

function refuseRest(
  fields: MetadataFields,
  arch: string,
  { head_dim, context }: { readonly head_dim: number; readonly context: number },
): void {
  const whole = (key: string, absent: number) => fields.number(key, absent);
  const isModel = (fields.text('general.type') ?? 'model') === 'model';
  if (!isModel) fields.refuse('general.type', 'models are read: give one');
  if (whole('split.count', 1) > 1)
    fields.refuse('split.count', "join the parts with llama.cpp's llama-gguf-split --merge");
  if (whole(`${arch}.expert_count`, 0) > 0)
    fields.refuse(`${arch}.expert_count`, 'mixtures of experts are not read here');
  for (const key of ['attention.value_length', 'rope.dimension_count'])
    if (whole(`${arch}.${key}`, head_dim) !== head_dim)
      fields.refuse(`${arch}.${key}`, `heads of ${head_dim} columns rotate whole here`);
  if (whole(`${arch}.attention.sliding_window`, context) < context)
    fields.refuse(`${arch}.attention.sliding_window`, FOLDER);
  if (!fields.flag(`${arch}.attention.causal`, true))
    fields.refuse(`${arch}.attention.causal`, 'models that see what comes next are not read here');
  for (const key of NOT_COMPUTED)
    if (fields.has(`${arch}.${key}`)) fields.refuse(`${arch}.${key}`, FOLDER);
}

/** What keys tell of rotary positions that are scaled. */
function scalingOfKeys(
  fields: MetadataFields,
  arch: string,
  context: number,
): JsonObject | undefined {
  const at = `${arch}.rope.scaling.`;
  const type = fields.text(`${at}type`) ?? 'none';
  if (type === 'none') return undefined;
  if (type !== 'linear' && type !== 'yarn') {
    fields.refuse(`${at}type`, 'known are none, linear and yarn');
    return undefined;
  }
  const factor = fields.number(`${at}factor`);
  if (type === 'linear') return { rope_type: type, factor };
  return {
    ...{ rope_type: type, factor },
    original_max_position_embeddings: fields.number(`${at}original_context_length`, context),
    ...(fields.has(`${at}yarn_beta_fast`)
      ? { beta_fast: shortest(fields.number(`${at}yarn_beta_fast`)) }
      : {}),
    ...(fields.has(`${at}yarn_beta_slow`)
      ? { beta_slow: shortest(fields.number(`${at}yarn_beta_slow`)) }
      : {}),
  };
}

/** The shortest decimal of a float32, as 0.00001 was before the file had it. */
function shortest(x: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(x.toPrecision(digits));
    if (Math.fround(short) === Math.fround(x)) return short;
  }
  return x;
}
