import { RandomState } from '../autograd/random-state.ts';
import { Tape } from '../autograd/tape.ts';
import { drawEpoch } from '../data/epoch.ts';
import type { Examples } from '../data/examples.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Model } from '../models/model.ts';
import { hostTensor } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import { lossOf, uploadExamples } from './loss.ts';
import { Optimizer, type OptimizerOptions, type OptimizerState } from './optimizer.ts';
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
 * Trains a model on a fixed set of examples, all of them once an epoch. Batches may differ in size,
 * so that each step is recorded anew. It does not own the model.
 */
export class EpochTrainer implements Disposable {
  readonly #gpu: Gpu;
  readonly #model: Model;
  readonly #config: EpochConfig;
  readonly #order: Random;
  readonly #random: RandomState;
  readonly #optimizer: Optimizer;

  constructor(gpu: Gpu, model: Model, config: EpochConfig) {
    this.#gpu = gpu;
    this.#model = model;
    this.#config = config;
    this.#order = new Random(config.seed);
    this.#random = new RandomState(config.seed);
    this.#optimizer = new Optimizer(gpu, model.parameters, config.optimizer, config);
  }

  /** Takes the steps of an epoch, one each time that the next is asked for. */
  async *epoch(): AsyncGenerator<EpochStep> {
    const { examples, batchSize } = this.#config;
    for (const batch of drawEpoch(examples, batchSize, this.#order)) yield await this.#step(batch);
  }

  /** The state of the optimizer after the last step, parameters included. */
  async checkpoint(): Promise<OptimizerState> {
    return await this.#optimizer.read();
  }

  /** Goes back to what {@link EpochTrainer.checkpoint} gave. */
  restore(state: OptimizerState): void {
    this.#optimizer.write(state);
  }

  async #step(batch: Examples): Promise<EpochStep> {
    using scope = new Scope();
    const uploaded = uploadExamples(this.#gpu, batch, scope);
    const one = scope.add(Tensor.from(this.#gpu, hostTensor('f32', [1], Float32Array.of(1))));
    const { parameters } = this.#model;
    this.#random.begin();
    using tape = new Tape(
      this.#gpu,
      parameters.names.map((name) => parameters.view(name)),
      { random: this.#random },
    );
    const { loss } = lossOf(tape, this.#model, uploaded);
    const gradients = tape.backward(loss, one);
    this.#model.keepStatistics?.();
    this.#optimizer.advance();
    this.#optimizer.update(gradients);
    this.#random.advance();
    return { size: batch.labels.data.length, loss: (await loss.read()).data[0] as number };
  }

  [Symbol.dispose](): void {
    this.#optimizer[Symbol.dispose]();
  }
}
