/** Sizes of a `Llama`. */
export interface LlamaConfig {
  /** Tokens of every sequence. */
  readonly length: number;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  /** Heads of keys and values; they divide `heads`. */
  readonly kv_heads: number;
  readonly rms_eps: number;
  readonly rope_theta: number;
  /** Whether the head has no weight of its own and takes that of the embeddings. Default no. */
  readonly tie_word_embeddings?: boolean;
  /** Probability that an element of what attention or perceptron adds is dropped. Default 0. */
  readonly dropout?: number;
  /** Whether backward computes each block again in place of keeping it. Default no. */
  readonly checkpointing?: boolean;
}
