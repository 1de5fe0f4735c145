import type { Architecture } from './model-sizes.ts';

/** How a model would be fine-tuned: QLoRA on all linear layers, one sequence of `tokens` a step. */
export interface Recipe {
  readonly tokens: number;
  readonly rank: number;
  readonly blocksize: number;
}

/** The recipe of the forecast. */
export const RECIPE: Recipe = { tokens: 512, rank: 16, blocksize: 64 };

const FLOAT = 4;
const HALF = 2;
/** AdamW keeps a parameter, its gradient and two moments, each in 32 bits. */
const TRAINED_BYTES = 4 * FLOAT;

/** What fine-tuning takes. */
export interface Needs {
  /** Device memory in bytes, by what it is for. */
  readonly memory: {
    /** 4-bit codes with an f32 scale for each block of 64: 0.5625 bytes a weight. */
    readonly weights: number;
    /** Embedding and output layer, which stay in 16 bits, and the norms in 32. */
    readonly embeddings: number;
    /** Adapters of rank 16 with gradients and both moments of AdamW, in 32 bits. */
    readonly adapters: number;
    /**
     * With checkpointing: every layer's input, all values of one layer with their gradients, and
     * the logits with theirs, in 32 bits.
     */
    readonly activations: number;
  };
  readonly bytes: number;
  /**
   * The largest tensor in bytes: it needs a buffer and a binding of that size, or must be split.
   */
  readonly largest: number;
  /**
   * Floating-point operations of a step: forward, forward again for the checkpoints, and the
   * gradient of every activation.
   */
  readonly flops: number;
}

/** What QLoRA of `model` takes by {@link RECIPE}, from shapes alone. */
export function needsOf(model: Architecture, { tokens, rank, blocksize } = RECIPE): Needs {
  const { layers, hidden, vocabulary, tied } = model;
  const linears = linearsOf(model);
  const weights = layers * linears.reduce((sum, [outputs, inputs]) => sum + outputs * inputs, 0);
  const adapters =
    layers * rank * linears.reduce((sum, [outputs, inputs]) => sum + outputs + inputs, 0);
  const table = vocabulary * hidden * HALF;
  const logits = tokens * vocabulary * FLOAT;
  const memory = {
    weights: weights / 2 + (weights / blocksize) * FLOAT,
    embeddings: (tied ? 1 : 2) * table + (2 * layers + 1) * hidden * FLOAT,
    adapters: adapters * TRAINED_BYTES,
    activations:
      (layers * tokens * hidden + 2 * tokens * valuesOfLayer(model)) * FLOAT + 2 * logits,
  };
  return {
    memory,
    bytes: memory.weights + memory.embeddings + memory.adapters + memory.activations,
    largest: Math.max(table, logits),
    flops: flopsOf(model, { tokens, weights, adapters }),
  };
}

/**
 * The linear layers of a block: query, key, value, output, gate, up, down; each as outputs by
 * inputs.
 */
function linearsOf({
  hidden,
  intermediate,
  queries,
  keys,
}: Architecture): readonly (readonly [outputs: number, inputs: number])[] {
  return [
    [queries, hidden],
    [keys, hidden],
    [keys, hidden],
    [hidden, queries],
    [intermediate, hidden],
    [intermediate, hidden],
    [hidden, intermediate],
  ];
}

/**
 * Values of one token that a layer's backward pass needs: five of the width of the stream (its
 * input, two norms, both sums), queries and what attention gives, keys and values, and three of the
 * feed-forward part.
 */
function valuesOfLayer({ hidden, intermediate, queries, keys }: Architecture): number {
  return 5 * hidden + 2 * queries + 2 * keys + 3 * intermediate;
}

/**
 * A product of `tokens` rows with a frozen weight takes two operations a weight and token: forward,
 * again for the checkpoint, and the gradient of its input. The output layer is not repeated.
 * Adapters also have gradients of their own, two products more. Attention takes four operations a
 * pair of tokens and value forward, again, and twice that backward.
 */
function flopsOf(
  { layers, hidden, vocabulary, queries }: Architecture,
  { tokens, weights, adapters }: { tokens: number; weights: number; adapters: number },
): number {
  const attention = layers * 4 * tokens * tokens * queries;
  return (
    6 * tokens * weights + 4 * tokens * vocabulary * hidden + 8 * tokens * adapters + 4 * attention
  );
}
