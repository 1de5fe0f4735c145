import type { Random } from '../../tensor/random.ts';
import { type Initial, initialEmbedding, initialLinear, initialNorm } from '../initial.ts';
import type { TransformerConfig } from './config.ts';

/** Parameters by their names in the state dict, as torch starts embeddings, norms and linears. */
export function initialTransformer(
  { vocab, heads, kvHeads, headDim, inner }: TransformerConfig,
  random: Random,
): Initial {
  const width = heads * headDim;
  const linear = (name: string, out: number, features: number) =>
    initialLinear(name, [out, features], random, false);
  return [
    ...initialEmbedding('embed_tokens', vocab, width, random),
    ...initialNorm('input_layernorm', width, false),
    ...linear('self_attn.q_proj', width, width),
    ...linear('self_attn.k_proj', kvHeads * headDim, width),
    ...linear('self_attn.v_proj', kvHeads * headDim, width),
    ...linear('self_attn.o_proj', width, width),
    ...initialNorm('post_attention_layernorm', width, false),
    ...linear('mlp.gate_proj', inner, width),
    ...linear('mlp.up_proj', inner, width),
    ...linear('mlp.down_proj', width, inner),
    ...initialNorm('norm', width, false),
    ...linear('lm_head', vocab, width),
  ];
}
