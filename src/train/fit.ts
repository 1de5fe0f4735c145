import type { DataLoader } from '../data/loader.ts';
import { GradproofError } from '../errors.ts';
import type { AdapterDescription } from '../gpu/device.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Model } from '../models/model.ts';
import { seam } from '../seam.ts';
import type { Tensor } from '../tensor/tensor.ts';
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
  /**
   * Stop after so many epochs in a row without a lower validation loss, and go back to the weights
   * of the best. Default never.
   */
  readonly patience?: number;
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

const scoreOf = ({ trainLoss, valLoss }: EpochRow): number => valLoss ?? trainLoss;

const bestOf = seam(
  'train.best_of',
  (rows: readonly EpochRow[]): EpochRow =>
    rows.reduce((best, row) => (scoreOf(row) < scoreOf(best) ? row : best)),
);

/** Whether the last `patience` epochs brought nothing better. */
const isStale = seam(
  'train.is_stale',
  (rows: readonly EpochRow[], patience: number): boolean =>
    rows.length - bestOf(rows).epoch >= patience,
);

const restore = seam('train.restore', (parameters: Tensor, best: Tensor) =>
  parameters.copyFrom(best),
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
  const { epochs, patience, onEpoch, signal, shift = false, seed } = options;
  if (train.batchCount === 0) throw new EmptyDatasetError();
  const { data } = model.parameters;
  using optimizer = new Optimizer(gpu, model.parameters, options.optimizer, options);
  using best = patience === undefined ? undefined : data.clone();
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
    if (bestOf(metrics) === row) best?.copyFrom(data);
    await onEpoch?.(row);
    if (patience !== undefined && isStale(metrics, patience)) break;
  }
  if (best) restore(data, best);
  return {
    finalLoss: metrics.at(-1)?.trainLoss ?? Number.NaN,
    bestEpoch: bestOf(metrics).epoch,
    metrics,
    losses,
    machine: machineOf(gpu.adapter),
  };
}
