import { Tape, type TapeOptions } from '../autograd/tape.ts';
import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Model } from '../models/model.ts';
import { seam } from '../seam.ts';
import { GroupedBatches } from './grouped-batches.ts';
import { TrainingLoop } from './loop/training-loop.ts';
import { askedOf, lossOf, uploadExamples } from './loss.ts';
import { type BatchLoss, meanOfBatches } from './mean-of-batches.ts';
import type { Optimizer } from './optimizer.ts';

/** How steps are made, and who looks on. */
export interface StepOptions {
  /** Labels are those of the inputs and the loss compares each with the position before it. */
  readonly shift?: boolean | undefined;
  /** Seed of the model's own random numbers, as of dropout. Default none are drawn. */
  readonly seed?: number | undefined;
  /** Batches whose gradients make one step. Default 1. */
  readonly accumulation?: number;
  /** Ends the run after the step that is going on. */
  readonly signal?: AbortSignal | undefined;
  /** Is shown every op of every step. */
  readonly watch?: TapeOptions['watch'];
  /** Is told the end of each step, which begin at 1, and its loss. */
  readonly onStep?: ((step: number, loss: number) => void | Promise<void>) | undefined;
}

const isAborted = seam('train.is_aborted', (signal: AbortSignal | undefined) =>
  Boolean(signal?.aborted),
);

/**
 * Trains for `steps` steps, or as many as there are batches, or until the signal, and returns the
 * loss of each. Nothing is left on the device but what model and optimizer own.
 */
export async function runMiniTraining(
  gpu: Gpu,
  model: Model,
  batches: Iterable<Examples>,
  optimizer: Optimizer,
  steps = Number.POSITIVE_INFINITY,
  options: StepOptions = {},
): Promise<number[]> {
  const { shift, seed, signal, watch, onStep, accumulation = 1 } = options;
  const losses: number[] = [];
  const source = new GroupedBatches(batches, accumulation);
  const observers = { watch };
  using loop = new TrainingLoop(gpu, { model, source, optimizer, seed, shift, observers });
  while (losses.length < steps && (await loop.step())) {
    losses.push(await loop.readLoss());
    await onStep?.(losses.length, losses.at(-1) as number);
    if (isAborted(signal)) break;
  }
  return losses;
}

/**
 * Mean loss over all labels of the batches that ask something, without training. Nothing is
 * dropped.
 */
export async function meanLoss(
  gpu: Gpu,
  model: Model,
  batches: Iterable<Examples>,
  shift?: boolean,
): Promise<number> {
  const losses: BatchLoss[] = [];
  for (const batch of batches) {
    using scope = new Scope();
    const tape = scope.add(new Tape(gpu));
    const uploaded = uploadExamples(gpu, batch, scope);
    const { loss } = lossOf(tape, model, uploaded, shift);
    losses.push({ mean: (await loss.read()).data[0] as number, asked: askedOf(batch, shift) });
  }
  return meanOfBatches(losses);
}
