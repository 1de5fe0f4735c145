import type { Architecture } from '../formats/hugging-face/architecture.ts';
import { modelConfigOf } from '../formats/hugging-face/config.ts';

/**
 * An architecture as one line for an address, `model_type=llama;hidden_size=2048;...`, in the words
 * of config.json: {@link parseModelText} reads it back.
 */
export function modelText(model: Architecture): string {
  const fields = {
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
  };
  return Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join(';');
}

/** Reads what {@link modelText} wrote. Throws ConfigError. */
export function parseModelText(text: string): Architecture {
  const fields = text.split(';').map((field) => {
    const at = field.indexOf('=');
    return [field.slice(0, Math.max(at, 0)), fieldOf(field.slice(at + 1))] as const;
  });
  return modelConfigOf(Object.fromEntries(fields));
}

function fieldOf(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^\d{1,15}$/.test(text) ? Number(text) : text;
}
