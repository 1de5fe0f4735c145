import { type ByteModelConfig, DEFAULT_BYTE_MODEL } from '../models/byte-model/config.ts';
import type { TrainingSettings } from './settings.ts';

/** Every number of a fine-tuning run. */
export interface TrainingConfig extends TrainingSettings {
  readonly model: ByteModelConfig;
  /** Optimizer steps. Default 300. */
  readonly steps: number;
  /**
   * A run of fewer steps that has not learnt what it must is too short for an answer. Default 300.
   */
  readonly answerSteps: number;
  /** Seed of base, adapters, batches and samples, each from a stream of its own. Default 42. */
  readonly seed: number;
  /** Contexts in a batch. Default 128. */
  readonly batchSize: number;
  /** Share of the text, at its end, that is held out. Default 0.1. */
  readonly heldoutFraction: number;
  /**
   * At most so many held-out bytes are asked about, evenly spread, so that a long text does not
   * take long. Default 4096.
   */
  readonly heldoutBytes: number;
  /** Steps between two held-out losses. Default 100. */
  readonly heldoutEvery: number;
  /** Steps between two readbacks of the training loss. Default 10. */
  readonly lossEvery: number;
  /** Steps between two steps whose every op is judged; the first is judged too. Default 100. */
  readonly judgeEvery: number;
  /** Whether steps between judged ones are replayed from a capture. Default true. */
  readonly capture: boolean;
  /**
   * Steps of the frozen control run, whose optimizer does nothing: few show that nothing changes.
   * Default 10.
   */
  readonly frozenSteps: number;
  /** Bytes of the sample that is written before and after. Default 120. */
  readonly sampleBytes: number;
  /** Divides the logits when sampling: below 1 prefers what is likely. Default 0.5. */
  readonly temperature: number;
  /** Nats by which the held-out loss must end below the frozen run's. Default 1.5. */
  readonly marginBelowFrozen: number;
  /** Nats by which it must end below the unigram entropy. Default 0.15. */
  readonly marginBelowUnigram: number;
  /** Length of a text from which on the unigram rule applies. Default 32 KiB. */
  readonly unigramRuleBytes: number;
}

/** The fine-tuning run of the main job. */
export const DEFAULT_TRAINING: TrainingConfig = {
  model: DEFAULT_BYTE_MODEL,
  steps: 300,
  answerSteps: 300,
  seed: 42,
  batchSize: 128,
  heldoutFraction: 0.1,
  heldoutBytes: 4096,
  heldoutEvery: 100,
  lossEvery: 10,
  judgeEvery: 100,
  capture: true,
  frozenSteps: 10,
  sampleBytes: 120,
  temperature: 0.5,
  marginBelowFrozen: 1.5,
  marginBelowUnigram: 0.15,
  unigramRuleBytes: 32 * 1024,
  optimizer: { optimizer: 'adamw', lr: 3e-3, weight_decay: 0 },
  schedule: { name: 'linear', warmup_ratio: 0.03 },
  max_grad_norm: 0.3,
};
