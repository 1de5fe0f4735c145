import type { Shape } from '../tensor/shape.ts';

/** Families whose layers are those of the engine's `Llama`, as transformers calls them. */
export const FAMILIES = ['llama', 'mistral', 'qwen2', 'qwen3'] as const;
export type Family = (typeof FAMILIES)[number];

/** The numbers of a decoder-only language model that memory and work follow from. */
export interface Architecture {
  readonly family: Family;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; they divide `heads`. */
  readonly kvHeads: number;
  /** Width of one head. */
  readonly headDim: number;
  /** Width of the feed-forward layer. */
  readonly intermediate: number;
  readonly vocabulary: number;
  /** Whether the head takes the table of the embeddings for its weight. */
  readonly tied: boolean;
  /** Tokens that it is made for. */
  readonly context: number;
  /** Whether q, k, v and o have biases by the configuration; Qwen2 has them in q, k and v always. */
  readonly attentionBias?: boolean;
  /** Whether the linears of the feed-forward layer have. */
  readonly mlpBias?: boolean;
}

/** The linears of a block by transformers' names, each [out, in]. */
export function linearsOf({
  hidden,
  intermediate,
  heads,
  kvHeads,
  headDim,
}: Architecture): Readonly<Record<string, Shape>> {
  const queries = heads * headDim;
  const keys = kvHeads * headDim;
  return {
    'self_attn.q_proj': [queries, hidden],
    'self_attn.k_proj': [keys, hidden],
    'self_attn.v_proj': [keys, hidden],
    'self_attn.o_proj': [hidden, queries],
    'mlp.gate_proj': [intermediate, hidden],
    'mlp.up_proj': [intermediate, hidden],
    'mlp.down_proj': [hidden, intermediate],
  };
}

/** Numbers in the norms and biases of a block. */
export function vectorsOf(model: Architecture): number {
  const { family, hidden, headDim } = model;
  const norms = 2 * hidden + (family === 'qwen3' ? 2 * headDim : 0);
  const biased = Object.entries(linearsOf(model)).filter(([name]) => hasBias(model, name));
  return biased.reduce((sum, [, [outputs = 0]]) => sum + outputs, norms);
}

function hasBias({ family, attentionBias, mlpBias }: Architecture, linear: string): boolean {
  if (linear.startsWith('mlp.')) return mlpBias === true;
  if (family === 'qwen2') return !linear.endsWith('o_proj');
  return attentionBias === true;
}

/** All numbers that the model learnt; a tied head is the table again. */
export function parametersOf(model: Architecture): number {
  const { layers, hidden, vocabulary, tied } = model;
  const weights = Object.values(linearsOf(model)).reduce((sum, [rows = 0, width = 0]) => {
    return sum + rows * width;
  }, 0);
  return (tied ? 1 : 2) * vocabulary * hidden + layers * (weights + vectorsOf(model)) + hidden;
}
