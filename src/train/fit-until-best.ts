import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Model } from '../models/model.ts';
import { seam } from '../seam.ts';
import { earlyStop } from './early-stopping.ts';
import type { EpochTrainer } from './epoch-trainer.ts';
import type { LoopState } from './loop/training-loop.ts';
import { score } from './score.ts';

/** How long a model is trained. */
export interface FitUntilBestOptions {
  /** What tells when to stop; not among what is trained on. */
  readonly heldOut: Examples;
  /** Epochs at most. */
  readonly epochs: number;
  /** Epochs without a lower held-out loss after which training stops. */
  readonly patience: number;
  /** Is awaited after each epoch. Default nothing. */
  readonly afterEpoch?: () => Promise<void>;
}

/** What an epoch left. */
export interface FittedEpoch {
  /** Mean loss of its batches. */
  readonly loss: number;
  readonly heldOutLoss: number;
}

/** A run, epoch by epoch. */
export interface Fit {
  readonly epochs: readonly FittedEpoch[];
  /** Index of the epoch with the lowest held-out loss, whose weights the model has. */
  readonly best: number;
}

const restore = seam('train.restore', (trainer: EpochTrainer, state: LoopState) =>
  trainer.restore(state),
);

/**
 * Trains until the held-out loss no longer falls, and then gives the model the weights, and the
 * optimizer the state, of the best epoch.
 */
export async function fitUntilBest(
  gpu: Gpu,
  model: Model,
  trainer: EpochTrainer,
  { heldOut, epochs, patience, afterEpoch }: FitUntilBestOptions,
): Promise<Fit> {
  const done: FittedEpoch[] = [];
  let kept = await trainer.checkpoint();
  for (let stops = false; !stops && done.length < epochs; ) {
    const losses: number[] = [];
    for await (const { loss } of trainer.epoch()) losses.push(loss);
    const { loss: heldOutLoss } = await score(gpu, model, heldOut);
    done.push({ loss: losses.reduce((a, b) => a + b, 0) / losses.length, heldOutLoss });
    await afterEpoch?.();
    const now = stopOf(done, patience);
    if (now.best === done.length - 1) kept = await trainer.checkpoint();
    stops = now.stops;
  }
  restore(trainer, kept);
  return { epochs: done, best: stopOf(done, patience).best };
}

const stopOf = (epochs: readonly FittedEpoch[], patience: number) =>
  earlyStop(
    epochs.map(({ heldOutLoss }) => heldOutLoss),
    patience,
  );
