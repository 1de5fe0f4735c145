import type { RopeScaling, SlidingWindow } from '../../vocabulary/attention/rope-scaling.ts';

/** Sizes of a `Llama`, and what else its layers depend on. */
export interface LlamaConfig {
  /** Tokens of every sequence. */
  readonly length: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; they divide `heads`. */
  readonly kv_heads: number;
  /** Columns of a head. Default hidden / heads. */
  readonly head_dim?: number;
  /** Whether queries and keys are normalized, head by head, before they rotate. Default no. */
  readonly qk_norm?: boolean;
  readonly rms_eps: number;
  readonly rope_theta: number;
  /** How the frequencies of positions are changed. Default not at all. */
  readonly rope_scaling?: RopeScaling;
  /** Layers whose queries see the last positions alone. Default none. */
  readonly sliding_window?: SlidingWindow;
  /** Whether the head has no weight of its own and takes that of the embeddings. Default no. */
  readonly tie_word_embeddings?: boolean;
  /**
   * Tokens of the vocabulary whose logits a loss has at once, a multiple of 128; `whole`: all of them.
   * Default all, where the logits of a batch take at most 64 MiB, and else so many that they take
   * 16: beyond, logits and their gradient are what a step holds most of, and soon more than a kernel
   * can reach, while in chunks one more product in four is computed.
   */
  readonly head_chunk?: number | 'whole';
  /** Probability that an element of what attention or perceptron adds is dropped. Default 0. */
  readonly dropout?: number;
  /** Whether backward computes each block again in place of keeping it. Default no. */
  readonly checkpointing?: boolean;
}

/** Columns of a head. */
export const headDimOf = ({
  hidden,
  heads,
  head_dim = hidden / heads,
}: Pick<LlamaConfig, 'hidden' | 'heads' | 'head_dim'>): number => head_dim;
