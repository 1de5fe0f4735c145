import type { ByteModelConfig } from '../nn/byte-model.ts';

/** Every number of a fine-tuning run. */
export interface TrainingConfig {
  readonly model: ByteModelConfig;
  /** Optimizer steps. Default 300. */
  readonly steps: number;
  /** Seed of base, adapters, batches and samples, each from a stream of its own. Default 42. */
  readonly seed: number;
  /** Contexts in a batch. Default 128. */
  readonly batchSize: number;
  /** Share of the text, at its end, that is held out. Default 0.1. */
  readonly heldoutFraction: number;
  /** At most so many held-out bytes are asked about, evenly spread, so that a long text does not take long. Default 16384. */
  readonly heldoutBytes: number;
  /** Steps between two held-out losses. Default 50. */
  readonly heldoutEvery: number;
  /** Steps between two readbacks of the training loss. Default 10. */
  readonly lossEvery: number;
  /** Steps between two steps whose every op is judged; the first is judged too. Default 100. */
  readonly judgeEvery: number;
  /** Bytes of the sample that is written before and after. Default 120. */
  readonly sampleBytes: number;
  /** Divides the logits when sampling: below 1 prefers what is likely. Default 0.5. */
  readonly temperature: number;
  readonly optimizer: AdamWConfig;
}

/** Hyperparameters of AdamW as torch names them. */
export interface AdamWConfig {
  /** Learning rate. Default 0.003. */
  readonly lr: number;
  /** Decay of the first and second moment. Default 0.9 and 0.999. */
  readonly betas: readonly [number, number];
  /** Added to the root of the second moment after bias correction. Default 1e-8. */
  readonly eps: number;
  /** Decoupled weight decay. Default 0. */
  readonly weight_decay: number;
}

/** The fine-tuning run of the main job. */
export const DEFAULT_TRAINING: TrainingConfig = {
  model: { vocab: 256, embedding: 32, context: 16, hidden: [256, 256], quantType: 'nf4', blocksize: 64, r: 8, alpha: 16 },
  steps: 300,
  seed: 42,
  batchSize: 128,
  heldoutFraction: 0.1,
  heldoutBytes: 16384,
  heldoutEvery: 50,
  lossEvery: 10,
  judgeEvery: 100,
  sampleBytes: 120,
  temperature: 0.5,
  optimizer: { lr: 3e-3, betas: [0.9, 0.999], eps: 1e-8, weight_decay: 0 },
};
