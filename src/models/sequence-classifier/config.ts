/** Sizes of a `SequenceClassifier`. */
export interface SequenceClassifierConfig {
  readonly vocab: number;
  readonly heads: number;
  readonly headDim: number;
  readonly classes: number;
  /** Probability with which a number is dropped in training. */
  readonly dropout: number;
}
