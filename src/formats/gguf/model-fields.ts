import type { ModelConfig } from '../hugging-face/config.ts';
import { GgufUnsupportedError } from './unsupported.ts';
import type { GgufField } from './write-header.ts';

/** How most tensors of a file are stored, with llama.cpp's number of that (LlamaFileType). */
export const FILE_TYPES = { f16: 1, q8_0: 7 } as const;
export type FileType = keyof typeof FILE_TYPES;

/** GGML_QUANT_VERSION. */
export const QUANTIZATION_VERSION = 2;

/** llama.cpp has Mistral under the name of Llama. */
const architectureOf = ({ family }: Pick<ModelConfig, 'family'>): string =>
  family === 'mistral' ? 'llama' : family;

/** Whether rows of q and k are in pairs there. */
export const pairsRows = (config: Pick<ModelConfig, 'family'>): boolean =>
  architectureOf(config) === 'llama';

const u32 = (value: number): GgufField => ({ type: 'u32', value });
const f32 = (value: number): GgufField => ({ type: 'f32', value });
const text = (value: string): GgufField => ({ type: 'text', value });

/**
 * What llama.cpp's convert_hf_to_gguf.py writes of a model (set_gguf_parameters of conversion/base.py
 * and llama.py). Throws {@link GgufUnsupportedError} for what the computation depends on and no key
 * says.
 */
export function modelFields(
  config: ModelConfig,
  name: string,
  type: FileType,
): Map<string, GgufField> {
  refuse(config);
  const arch = architectureOf(config);
  const of = (entries: Readonly<Record<string, GgufField>>) =>
    Object.entries(entries).map(([key, field]) => [`${arch}.${key}`, field] as const);
  return new Map([
    ['general.architecture', text(arch)],
    ['general.type', text('model')],
    ['general.name', text(name)],
    ...of({
      block_count: u32(config.layers),
      context_length: u32(config.context),
      embedding_length: u32(config.hidden),
      feed_forward_length: u32(config.intermediate),
      'attention.head_count': u32(config.heads),
      'attention.head_count_kv': u32(config.kvHeads),
      ...ropeFields(config),
      'rope.freq_base': f32(config.ropeTheta),
      'attention.layer_norm_rms_epsilon': f32(config.rmsEps),
      'attention.key_length': u32(config.headDim),
      'attention.value_length': u32(config.headDim),
      vocab_size: u32(config.vocabulary),
      ...(pairsRows(config) ? { 'rope.dimension_count': u32(config.headDim) } : {}),
    }),
    ['general.file_type', u32(FILE_TYPES[type])],
    ['general.quantization_version', u32(QUANTIZATION_VERSION)],
  ]);
}

function ropeFields({ ropeScaling: scaling }: ModelConfig): Readonly<Record<string, GgufField>> {
  if (scaling?.rope_type === 'linear')
    return { 'rope.scaling.type': text('linear'), 'rope.scaling.factor': f32(scaling.factor) };
  if (scaling?.rope_type === 'yarn')
    return {
      'rope.scaling.type': text('yarn'),
      'rope.scaling.factor': f32(scaling.factor),
      'rope.scaling.original_context_length': u32(scaling.original_max_position_embeddings),
      'rope.scaling.yarn_beta_fast': f32(scaling.beta_fast),
      'rope.scaling.yarn_beta_slow': f32(scaling.beta_slow),
    };
  return {};
}

function refuse({ family, attentionBias, slidingWindow, context, ropeScaling }: ModelConfig): void {
  if (slidingWindow && slidingWindow.tokens < context)
    throw new GgufUnsupportedError(
      `a window of ${slidingWindow.tokens} tokens, which llama.cpp does not have for ${family}`,
    );
  if (family === 'qwen3' && attentionBias)
    throw new GgufUnsupportedError('biases of attention, which llama.cpp does not have for qwen3');
  if (ropeScaling?.rope_type === 'dynamic')
    throw new GgufUnsupportedError('rope_type "dynamic", for which llama.cpp has no key');
  if (ropeScaling?.rope_type === 'longrope')
    throw new GgufUnsupportedError('rope_type "longrope", whose factors are not written here');
  if (ropeScaling?.rope_type === 'yarn') {
    // llama.cpp makes the factor of cosines itself, and rounds the ends of the ramp.
    const usual = 1 + 0.1 * Math.log(ropeScaling.factor);
    if (!ropeScaling.truncate || Math.fround(ropeScaling.attention_factor) !== Math.fround(usual))
      throw new GgufUnsupportedError(
        'rope_type "yarn" with an attention_factor, mscale or truncate of its own',
      );
  }
}
