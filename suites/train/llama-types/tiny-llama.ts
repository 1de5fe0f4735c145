import type { ModelConfig } from '../../../src/formats/hugging-face/config.ts';
import type { ModelFolder } from '../../../src/formats/hugging-face/shards.ts';
import { partsOfBytes } from '../../../src/formats/part-file.ts';
import { writeSafetensors } from '../../../src/formats/safetensors/write.ts';
import type { LlamaConfig } from '../../../src/models/llama/config.ts';
import { initialLlama } from '../../../src/models/llama/initial.ts';
import type { HostTensor } from '../../../src/tensor/host.ts';
import type { CaseContext } from '../../../src/testing/context.ts';

/** Sizes of a model, but for its tokens. */
type Sizes = Omit<LlamaConfig, 'length'> & { readonly intermediate: number };

/** The catalog's TinyLlama: 4 blocks of 655,872 numbers, 19,007,744 with tables and last norm. */
const TINY: Sizes = {
  ...{ hidden: 256, intermediate: 512, layers: 4, heads: 4, kv_heads: 4 },
  ...{ rms_eps: 1e-5, rope_theta: 1e4 },
};
/** Two blocks of a quarter of its width, where one run is compared with others. */
export const NARROW: Sizes = {
  ...TINY,
  hidden: 64,
  intermediate: 128,
  layers: 2,
  heads: 2,
  kv_heads: 2,
};
/** Its tokens. */
export const VOCABULARY = 32_000;
/** Tokens where only the blocks matter, which have their full width. */
export const FEW_TOKENS = 40;
/** Of a head that stays as it is, so that its logits can tell a token from the others. */
const HEAD_DEVIATION = 0.1;

/** A drawn model as a folder holds it. */
export interface TinyLlama {
  readonly folder: ModelFolder;
  /** What its config.json says. */
  readonly config: ModelConfig;
  /** The same as records of ops take it. */
  readonly sizes: Sizes;
  readonly weights: ReadonlyMap<string, HostTensor>;
}

/** A TinyLlama of so many tokens, or one of other sizes, drawn from the case's seed. */
export function tinyLlama(t: CaseContext, vocabulary: number, sizes = TINY): TinyLlama {
  const weights = new Map(
    initialLlama({ ...sizes, vocab: vocabulary }, t.random(1), HEAD_DEVIATION),
  );
  const { hidden, intermediate, layers, heads, kv_heads, rms_eps, rope_theta } = sizes;
  const context = 64;
  const json = {
    ...{ model_type: 'llama', hidden_size: hidden, intermediate_size: intermediate },
    ...{ num_hidden_layers: layers, num_attention_heads: heads, num_key_value_heads: kv_heads },
    ...{ vocab_size: vocabulary, max_position_embeddings: context, rms_norm_eps: rms_eps },
    rope_parameters: { rope_type: 'default', rope_theta },
  };
  return {
    folder: new Map([
      ['config.json', partsOfBytes(new TextEncoder().encode(JSON.stringify(json)))],
      ['model.safetensors', partsOfBytes(writeSafetensors(Object.fromEntries(weights)))],
    ]),
    config: {
      ...{ family: 'llama', hidden, intermediate, layers, heads, vocabulary, context },
      ...{ kvHeads: kv_heads, headDim: hidden / heads, tied: false },
      ...{ rmsEps: rms_eps, ropeTheta: rope_theta },
    },
    sizes,
    weights,
  };
}
