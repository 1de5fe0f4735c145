/** Sizes of a `Transformer`. */
export interface TransformerConfig {
  readonly vocab: number;
  /** Tokens of every sequence. */
  readonly length: number;
  readonly heads: number;
  /** Heads of keys and values; they divide `heads`. */
  readonly kvHeads: number;
  readonly headDim: number;
  /** Width of the feed-forward layer. */
  readonly inner: number;
}
