import { normsHeads } from '../../formats/hugging-face/architecture.ts';
import type { ModelConfig } from '../../formats/hugging-face/config.ts';
import type { LlamaConfig } from './config.ts';

/** The `Llama` that a config.json describes, for texts of at most `length` tokens. */
export function llamaConfigOf(config: ModelConfig, length: number): LlamaConfig {
  const { ropeScaling, slidingWindow } = config;
  return {
    length,
    hidden: config.hidden,
    layers: config.layers,
    heads: config.heads,
    kv_heads: config.kvHeads,
    head_dim: config.headDim,
    qk_norm: normsHeads(config.family),
    rms_eps: config.rmsEps,
    rope_theta: config.ropeTheta,
    ...(ropeScaling ? { rope_scaling: ropeScaling } : {}),
    ...(slidingWindow ? { sliding_window: slidingWindow } : {}),
    tie_word_embeddings: config.tied,
  };
}
