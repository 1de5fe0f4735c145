import {
  type Architecture,
  linearsOf,
  normsHeads,
} from '../../../formats/hugging-face/architecture.ts';
import type { Shape } from '../../../tensor/shape.ts';

/** The linears of every block by the names of their modules, each [out, in]. */
export function blockLinears(model: Architecture): ReadonlyMap<string, Shape> {
  const linears = Object.entries(linearsOf(model));
  return new Map(
    Array.from({ length: model.layers }, (_, i) =>
      linears.map(([name, shape]) => [`model.layers.${i}.${name}`, shape] as const),
    ).flat(),
  );
}

/**
 * The names of all modules as `named_modules()` of transformers tells them, among which PEFT looks
 * for its targets.
 */
export function moduleNames(model: Architecture): readonly string[] {
  const ofHeads = normsHeads(model.family) ? ['self_attn.q_norm', 'self_attn.k_norm'] : [];
  const parts = [
    ...['self_attn', 'mlp', 'mlp.act_fn', 'input_layernorm', 'post_attention_layernorm'],
    ...Object.keys(linearsOf(model)),
    ...ofHeads,
  ];
  const blocks = Array.from({ length: model.layers }, (_, i) => `model.layers.${i}`);
  return [
    ...['model', 'model.embed_tokens', 'model.layers', 'model.norm', 'model.rotary_emb', 'lm_head'],
    ...blocks.flatMap((block) => [block, ...parts.map((part) => `${block}.${part}`)]),
  ];
}
