/** Parts of a block: llama.cpp's names, and Hugging Face's of a Llama's layer. */
const OF_LAYER: Readonly<Record<string, string>> = {
  attn_norm: 'input_layernorm',
  attn_q: 'self_attn.q_proj',
  attn_k: 'self_attn.k_proj',
  attn_v: 'self_attn.v_proj',
  attn_output: 'self_attn.o_proj',
  attn_q_norm: 'self_attn.q_norm',
  attn_k_norm: 'self_attn.k_norm',
  ffn_norm: 'post_attention_layernorm',
  ffn_gate: 'mlp.gate_proj',
  ffn_up: 'mlp.up_proj',
  ffn_down: 'mlp.down_proj',
};

const OF_MODEL: Readonly<Record<string, string>> = {
  token_embd: 'model.embed_tokens',
  output_norm: 'model.norm',
  output: 'lm_head',
};

const NAME = /^(?:blk\.(?<layer>0|[1-9][0-9]*)\.)?(?<part>[a-z_]+)\.(?<kind>weight|bias)$/;

/**
 * Hugging Face's name of a Llama's tensor that llama.cpp calls `name` (TensorNameMap of
 * gguf/tensor_mapping.py): `blk.3.attn_q.weight` is `model.layers.3.self_attn.q_proj.weight`.
 * Undefined where Hugging Face has none, as of rope_freqs.
 */
export function huggingFaceName(name: string): string | undefined {
  const { layer, part = '', kind } = NAME.exec(name)?.groups ?? {};
  const table = layer === undefined ? OF_MODEL : OF_LAYER;
  if (!Object.hasOwn(table, part)) return undefined;
  const prefix = layer === undefined ? '' : `model.layers.${layer}.`;
  return `${prefix}${table[part]}.${kind}`;
}

/** The parts of a model and of its layers by Hugging Face's names. */
const PARTS = new Map(
  [...Object.entries(OF_MODEL), ...Object.entries(OF_LAYER)].map(([own, theirs]) => [theirs, own]),
);

/** llama.cpp's name of a tensor that Hugging Face calls `name`; undefined where it has none. */
export function ggufName(name: string): string | undefined {
  const [, layer, part = '', kind] =
    /^(?:model\.layers\.(\d+)\.)?(.+)\.(weight|bias)$/.exec(name) ?? [];
  const own = PARTS.get(part);
  if (own === undefined || Object.hasOwn(OF_MODEL, own) !== (layer === undefined)) return undefined;
  return layer === undefined ? `${own}.${kind}` : `blk.${layer}.${own}.${kind}`;
}
