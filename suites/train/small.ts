import { DEFAULT_TRAINING, type TrainingConfig } from '../../src/train/config.ts';

/**
 * The model of the main job, narrow: every layer and op is there. Its steps are recorded anew each
 * time, since cases plant faults between launches, which a replay does not call; every step has its
 * full rate. However few there are, whether it learnt is judged.
 */
export const SMALL: TrainingConfig = {
  ...DEFAULT_TRAINING,
  model: { ...DEFAULT_TRAINING.model, embedding: 8, context: 8, hidden: [64, 48], r: 4, alpha: 8 },
  batchSize: 40,
  heldoutBytes: 512,
  steps: 40,
  answerSteps: 1,
  capture: false,
  schedule: { name: 'constant', warmup_ratio: 0 },
};
/** Different bytes of the texts that the small model learns. */
export const ALPHABET = 8;
