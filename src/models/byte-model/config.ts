/** Shape of the byte-level language model and of its adapters. */
export interface ByteModelConfig {
  /** Different tokens: one for each byte. Default 256. */
  readonly vocab: number;
  /** Width of a byte's embedding. Default 32. */
  readonly embedding: number;
  /** Bytes that the model sees before the one that it predicts. Default 16. */
  readonly context: number;
  /** Widths between the linears. Default 256 and 256. */
  readonly hidden: readonly number[];
  /**
   * Size of a hidden linear's outputs relative to its inputs; makes up for what SiLU takes away.
   * Default 1.6.
   */
  readonly hiddenGain: number;
  /**
   * The same of the last linear: small, so that the base starts near a uniform guess, ln 256 nats.
   * Default 0.25.
   */
  readonly headGain: number;
  /** Format of the frozen linears. Default nf4. */
  readonly quantType: string;
  /** Elements that share an absmax. Default 64. */
  readonly blocksize: number;
  /** Rank of the adapters. Default 8. */
  readonly r: number;
  /** The adapters' product is scaled by alpha / r. Default 16. */
  readonly alpha: number;
}

/** The model of the main job. */
export const DEFAULT_BYTE_MODEL: ByteModelConfig = {
  vocab: 256,
  embedding: 32,
  context: 16,
  hidden: [256, 256],
  hiddenGain: 1.6,
  headGain: 0.25,
  quantType: 'nf4',
  blocksize: 64,
  r: 8,
  alpha: 16,
};
