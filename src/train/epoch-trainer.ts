import { countOf } from '../data/epoch.ts';
import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Model } from '../models/model.ts';
import { EpochBatches } from './epoch-batches.ts';
import { type LoopState, TrainingLoop } from './loop/training-loop.ts';
import { Optimizer, type OptimizerOptions } from './optimizer.ts';
import type { OptimizerParams } from './update-rule.ts';

/** What a model is trained on, and how. */
export interface EpochConfig extends Omit<OptimizerOptions, 'fingerprints' | 'grad_scaler'> {
  readonly examples: Examples;
  /** Examples of a step; the last of an epoch takes what is left. */
  readonly batchSize: number;
  readonly optimizer: OptimizerParams;
  /** Seed of the orders of the examples and of the model's random numbers. */
  readonly seed: number;
}

/** A step that was taken. */
export interface EpochStep {
  /** Examples of its batch. */
  readonly size: number;
  /** The mean loss of its batch, before the step. */
  readonly loss: number;
}

/**
 * Trains a model on a fixed set of examples, all of them once an epoch. It does not own the model.
 */
export class EpochTrainer implements Disposable {
  readonly #source: EpochBatches;
  readonly #optimizer: Optimizer;
  readonly #loop: TrainingLoop;

  constructor(gpu: Gpu, model: Model, config: EpochConfig) {
    const { examples, batchSize, seed } = config;
    const source = new EpochBatches(examples, batchSize, seed);
    const optimizer = new Optimizer(gpu, model.parameters, config.optimizer, config);
    this.#source = source;
    this.#optimizer = optimizer;
    this.#loop = new TrainingLoop(gpu, { model, source, optimizer, seed });
  }

  /** Takes the steps of an epoch, one each time that the next is asked for. */
  async *epoch(): AsyncGenerator<EpochStep> {
    this.#source.begin();
    for (let parts = await this.#loop.step(); parts; parts = await this.#loop.step()) {
      const size = parts.reduce((sum, part) => sum + countOf(part), 0);
      yield { size, loss: await this.#loop.readLoss() };
    }
  }

  /** The state after the last step. */
  async checkpoint(): Promise<LoopState> {
    return await this.#loop.checkpoint();
  }

  /** Goes back to what {@link EpochTrainer.checkpoint} gave. */
  restore(state: LoopState): void {
    this.#loop.restore(state);
  }

  [Symbol.dispose](): void {
    this.#loop[Symbol.dispose]();
    this.#optimizer[Symbol.dispose]();
  }
}
