import type { MetaChoice } from '../quantizer/method.ts';

/** How moments are kept: AdamW of torch in 32 bits, or of bitsandbytes in 8. */
export const OPTIMIZERS = ['adamw', 'adamw8bit'] as const;
export type SheetOptimizer = (typeof OPTIMIZERS)[number];

/**
 * How a model would be fine-tuned: adapters on all linears of its blocks, or blocks that are added,
 * over a quantized base, and of a method that has the choice, whether zeros and scales are codes of 8
 * bits in turn.
 */
export interface Setup extends MetaChoice {
  /** A method of the quantizer, with the bits and groups that are usual of it. */
  readonly method: string;
  /** Of the adapters. */
  readonly rank: number;
  /** Share of the blocks that are added and trained in place of adapters, as LLaMA-Pro does. */
  readonly expansion: number;
  /** Tokens of an example. */
  readonly context: number;
  /** Examples of a step. */
  readonly batch: number;
  readonly optimizer: SheetOptimizer;
  /** Whether backward computes each block again in place of keeping it. */
  readonly checkpointing: boolean;
  /** How many examples the time is told for. */
  readonly examples: number;
}

/** What is told unless a person chooses otherwise. */
export const DEFAULT_SETUP: Setup = {
  method: 'nf4',
  rank: 16,
  expansion: 0,
  context: 512,
  batch: 1,
  optimizer: 'adamw',
  checkpointing: true,
  examples: 1000,
};

/** The most that each number may be: every product of them stays exact in a double. */
export const MOST = { rank: 1024, context: 2 ** 20, batch: 1024, examples: 1_000_000_000 } as const;
