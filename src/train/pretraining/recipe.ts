import type { LlamaSizes } from '../../models/llama/initial.ts';
import type { Schedule } from '../../vocabulary/optim/lr_schedule.ts';
import type { OptimizerParams } from '../update-rule.ts';

/** All that a pretrained model comes from, beside the text. */
export interface Recipe {
  readonly seed: number;
  /** Tales that are learnt, and others by which it is judged. */
  readonly taleCount: number;
  readonly heldoutTales: number;
  readonly model: LlamaSizes;
  /** Tokens of a row of a batch. */
  readonly length: number;
  /** Rows of a batch. */
  readonly batchSize: number;
  readonly steps: number;
  readonly optimizer: OptimizerParams;
  readonly schedule: Pick<Schedule, 'name' | 'warmup'>;
  readonly maxGradNorm: number;
}

/** Of the model that the page begins with: 1.3 million parameters, 0.9 MB with linears in 4 bits. */
export const RECIPE: Recipe = {
  seed: 42,
  taleCount: 10_000,
  heldoutTales: 100,
  model: {
    vocab: 1024,
    hidden: 128,
    intermediate: 384,
    layers: 6,
    heads: 4,
    kv_heads: 2,
    rms_eps: 1e-5,
    rope_theta: 10_000,
    tie_word_embeddings: true,
  },
  length: 128,
  batchSize: 32,
  steps: 3000,
  optimizer: { optimizer: 'adamw', lr: 2e-3, betas: [0.9, 0.95], weight_decay: 0.1 },
  schedule: { name: 'cosine', warmup: 100 },
  maxGradNorm: 1,
};
