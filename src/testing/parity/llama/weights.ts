import { FormatError } from '../../../formats/format-error.ts';
import type { TrainLlamaParams } from '../../../formats/parity-bundle/train-llama.ts';
import type { Shape } from '../../../tensor/shape.ts';

/** Linears of a block, [out, in]: those that LoRA adapts and QLoRA quantizes. */
export type Linears = ReadonlyMap<string, readonly [out: number, features: number]>;

/** The linears of every block. Throws FormatError when the heads do not divide the width. */
export function linearsOf({
  hidden,
  intermediate,
  layers,
  heads,
  kv_heads,
}: TrainLlamaParams['config']): Linears {
  const width = hidden / heads;
  if (width % 2 !== 0)
    throw new FormatError(
      `train_llama: ${heads} heads of ${hidden} columns are not an even number of columns each`,
    );
  if (heads % kv_heads !== 0)
    throw new FormatError(`train_llama: ${kv_heads} heads of keys do not divide ${heads} heads`);
  const block = [
    ['self_attn.q_proj', [hidden, hidden]],
    ['self_attn.k_proj', [kv_heads * width, hidden]],
    ['self_attn.v_proj', [kv_heads * width, hidden]],
    ['self_attn.o_proj', [hidden, hidden]],
    ['mlp.gate_proj', [intermediate, hidden]],
    ['mlp.up_proj', [intermediate, hidden]],
    ['mlp.down_proj', [hidden, intermediate]],
  ] as const;
  return new Map(
    Array.from({ length: layers }, (_, i) =>
      block.map(([name, shape]) => [`model.layers.${i}.${name}`, shape] as const),
    ).flat(),
  );
}

/** The shape of every weight of the model before it is adapted, by transformers' names. */
export function weightShapes(config: TrainLlamaParams['config']): ReadonlyMap<string, Shape> {
  const { vocab, hidden, layers, tie_word_embeddings } = config;
  const norms = Array.from({ length: layers }, (_, i) => [
    `model.layers.${i}.input_layernorm.weight`,
    `model.layers.${i}.post_attention_layernorm.weight`,
  ]);
  return new Map<string, Shape>([
    ['model.embed_tokens.weight', [vocab, hidden]],
    ...[...linearsOf(config)].map(([name, shape]) => [`${name}.weight`, shape] as const),
    ...[...norms.flat(), 'model.norm.weight'].map((name) => [name, [hidden]] as const),
    ...(tie_word_embeddings ? [] : [['lm_head.weight', [vocab, hidden]] as const]),
  ]);
}
