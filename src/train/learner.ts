import type { AutocastType } from '../autograd/autocast.ts';
import type { Draw, Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import type { Model } from '../models/model.ts';
import { DrawnBatches } from './drawn-batches.ts';
import { TrainingLoop } from './loop/training-loop.ts';
import { Optimizer, type OptimizerOptions } from './optimizer.ts';
import { type Score, score } from './score.ts';
import type { OptimizerParams } from './update-rule.ts';

/** What is trained, and on what. */
export interface LearnerConfig extends Omit<OptimizerOptions, 'fingerprints'> {
  readonly draw: Draw;
  /** Examples of a step. */
  readonly batchSize: number;
  readonly optimizer: OptimizerParams;
  /**
   * Products are stored in this format; with float16, gradients want a grad_scaler. Default none.
   */
  readonly autocast?: AutocastType;
  /** Seed of the batches and of the model's random numbers. */
  readonly seed: number;
}

/**
 * A loop on batches that are drawn anew for each step, with an optimizer that it owns. It does not
 * own the model.
 */
export class Learner extends TrainingLoop {
  readonly #gpu: Gpu;
  readonly #model: Model;
  readonly #config: LearnerConfig;
  readonly #optimizer: Optimizer;

  constructor(gpu: Gpu, model: Model, config: LearnerConfig) {
    const { seed, autocast } = config;
    const optimizer = new Optimizer(gpu, model.parameters, config.optimizer, config);
    super(gpu, { model, optimizer, seed, autocast, source: new DrawnBatches(config) });
    this.#gpu = gpu;
    this.#model = model;
    this.#config = config;
    this.#optimizer = optimizer;
  }

  /**
   * Asks the model as it is outside of training: nothing is dropped, statistics are the running
   * ones.
   */
  async score(examples: Examples): Promise<Score> {
    return await score(this.#gpu, this.#model, examples, this.#config.autocast);
  }

  override [Symbol.dispose](): void {
    super[Symbol.dispose]();
    this.#optimizer[Symbol.dispose]();
  }
}
