import type { DataLoader } from '../data/loader.ts';
import { GradproofError } from '../errors.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Model } from '../models/model.ts';
import { seam } from '../seam.ts';
import { earlyStop } from './early-stopping.ts';
import { meanLoss, runMiniTraining, type StepOptions } from './mini-training.ts';
import { Optimizer, type OptimizerOptions } from './optimizer.ts';
import type { OptimizerParams } from './update-rule.ts';

/** What is trained on, and what is only asked about after each epoch. */
export interface FitData<Item> {
  readonly train: DataLoader<Item>;
  readonly validation?: DataLoader<Item>;
}

/** How a model is fitted. */
export interface FitOptions
  extends Omit<OptimizerOptions, 'fingerprints'>,
    Omit<StepOptions, 'seed'> {
  readonly epochs: number;
  readonly optimizer: OptimizerParams;
  /** Seed of the model's own random numbers. Default none are drawn. */
  readonly seed?: number;
  readonly onEpoch?: (row: EpochRow) => void | Promise<void>;
}

/** A row of the table of metrics; epochs count from 1. */
export interface EpochRow {
  readonly epoch: number;
  /** Mean loss of the epoch's steps, each before its update. */
  readonly trainLoss: number;
  readonly valLoss: number | undefined;
}

/** Which machine a run was made on. */
export interface RunMachine {
  readonly adapter: AdapterDescription;
  /** Whether a graphics chip computed, or a processor in its place. */
  readonly mark: 'real-gpu' | 'fallback';
}

/** What a fit came to. */
export interface FitResult {
  readonly finalLoss: number;
  /** The epoch with the lowest validation loss; without validation the lowest training loss. */
  readonly bestEpoch: number;
  readonly metrics: readonly EpochRow[];
  /** Loss of every step. */
  readonly losses: readonly number[];
  readonly machine: RunMachine;
}

/** A model was to be trained on nothing. */
class EmptyDatasetError extends GradproofError {
  constructor() {
    super(
      'empty-dataset',
      'the training set gives no batch: give it items, or a smaller batch where incomplete ones are dropped',
    );
  }
}

/** How a run's machine is called. */
export const machineOf = seam(
  'train.machine_of',
  (adapter: AdapterDescription): RunMachine => ({
    adapter,
    mark: adapter.isFallback ? 'fallback' : 'real-gpu',
  }),
);

/**
 * Trains a model for some epochs, and asks it after each one about the validation set. Throws
 * {@link EmptyDatasetError}.
 */
export async function fitModel<Item>(
  gpu: Gpu,
  model: Model,
  { train, validation }: FitData<Item>,
  options: FitOptions,
): Promise<FitResult> {
  const { epochs, onEpoch, signal, shift, seed } = options;
  if (train.batchCount === 0) throw new EmptyDatasetError();
  using optimizer = new Optimizer(gpu, model.parameters, options.optimizer, options);
  const metrics: EpochRow[] = [];
  const losses: number[] = [];
  for (let epoch = 1; epoch <= epochs && !signal?.aborted; epoch++) {
    const own = seed === undefined ? undefined : seed + epoch;
    const batches = train.epoch(epoch - 1);
    const stepped = await runMiniTraining(gpu, model, batches, optimizer, undefined, {
      ...options,
      seed: own,
    });
    losses.push(...stepped);
    const row = {
      epoch,
      trainLoss: stepped.reduce((sum, loss) => sum + loss, 0) / stepped.length,
      valLoss: validation && (await meanLoss(gpu, model, validation.epoch(0), shift)),
    };
    metrics.push(row);
    if (onEpoch) await onEpoch(row);
  }
  const scores = metrics.map(({ trainLoss, valLoss }) => valLoss ?? trainLoss);
  return {
    finalLoss: metrics.at(-1)?.trainLoss ?? Number.NaN,
    bestEpoch: earlyStop(scores, epochs).best + 1,
    metrics,
    losses,
    machine: machineOf(gpu.adapter),
  };
}
