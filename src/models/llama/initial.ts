import { filledTensor } from '../../tensor/host.ts';
import type { Random } from '../../tensor/random.ts';
import type { Shape } from '../../tensor/shape.ts';
import { type Initial, initialNorm } from '../initial.ts';
import { headDimOf, type LlamaConfig } from './config.ts';

/** Sizes of a Llama whose weights are drawn. */
export interface LlamaSizes extends Omit<LlamaConfig, 'length'> {
  readonly vocab: number;
  /** Width of the feed-forward layer. */
  readonly intermediate: number;
}

/** The deviation with which transformers draws linears and embeddings. */
const DEVIATION = 0.02;

/** Weights by transformers' names, drawn as it draws them: normal, and ones in normalizations. */
export function initialLlama(sizes: LlamaSizes, random: Random, headDeviation?: number): Initial {
  const { vocab, hidden, intermediate, layers, heads, kv_heads, qk_norm } = sizes;
  const { tie_word_embeddings } = sizes;
  const normal = (name: string, shape: Shape, deviation = DEVIATION): Initial => [
    [`${name}.weight`, filledTensor('f32', shape, () => random.normal(deviation))],
  ];
  const width = headDimOf(sizes);
  const ofHead = (name: string) => (qk_norm ? initialNorm(name, width, false) : []);
  const block = (at: string): Initial => [
    ...initialNorm(`${at}.input_layernorm`, hidden, false),
    ...normal(`${at}.self_attn.q_proj`, [heads * width, hidden]),
    ...normal(`${at}.self_attn.k_proj`, [kv_heads * width, hidden]),
    ...normal(`${at}.self_attn.v_proj`, [kv_heads * width, hidden]),
    ...normal(`${at}.self_attn.o_proj`, [hidden, heads * width]),
    ...ofHead(`${at}.self_attn.q_norm`),
    ...ofHead(`${at}.self_attn.k_norm`),
    ...initialNorm(`${at}.post_attention_layernorm`, hidden, false),
    ...normal(`${at}.mlp.gate_proj`, [intermediate, hidden]),
    ...normal(`${at}.mlp.up_proj`, [intermediate, hidden]),
    ...normal(`${at}.mlp.down_proj`, [hidden, intermediate]),
  ];
  return [
    ...normal('model.embed_tokens', [vocab, hidden]),
    ...Array.from({ length: layers }, (_, i) => block(`model.layers.${i}`)).flat(),
    ...initialNorm('model.norm', hidden, false),
    ...(tie_word_embeddings ? [] : normal('lm_head', [vocab, hidden], headDeviation)),
  ];
}
