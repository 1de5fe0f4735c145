import type { AutocastType } from '../autograd/autocast.ts';
import { type CapturedStep, capture } from '../autograd/capture.ts';
import { RandomState } from '../autograd/random-state.ts';
import { Tape } from '../autograd/tape.ts';
import type { Draw, Examples } from '../data/examples.ts';
import { invariant } from '../errors.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Application } from '../graph/call.ts';
import type { Model } from '../models/model.ts';
import { seam } from '../seam.ts';
import { type HostTensor, hostTensor } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { Tensor, type Tensors } from '../tensor/tensor.ts';
import type { StepGradients } from './kept-gradients.ts';
import { lossOf, uploadExamples } from './loss.ts';
import { Optimizer, type OptimizerOptions, type OptimizerState } from './optimizer.ts';
import { type Score, score } from './score.ts';
import type { Judge } from './stage.ts';
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

/** What a step changes. */
export interface LearnerState extends OptimizerState {
  /** Counters of the model's random numbers that the steps used up. */
  readonly random: number;
}

const drawBatch = seam(
  'train.draw_batch',
  ({ draw, batchSize }: LearnerConfig, random: Random): Examples => draw(batchSize, random),
);

/**
 * Trains a model on batches that are drawn anew for each step. A replayed step is one submit
 * without a readback. It does not own the model.
 */
export class Learner implements Disposable {
  readonly #gpu: Gpu;
  readonly #model: Model;
  readonly #config: LearnerConfig;
  #batches: Random;
  readonly #random: RandomState;
  readonly #optimizer: Optimizer;
  readonly #inputs: Tensors;
  readonly #labels: Tensor;
  /** Gradient of the loss by itself: 1. */
  readonly #one: Tensor;
  readonly #owned: Scope;
  #captured: CapturedStep | undefined;

  constructor(gpu: Gpu, model: Model, config: LearnerConfig) {
    const { draw, batchSize, optimizer, seed } = config;
    using owned = new Scope();
    this.#gpu = gpu;
    this.#model = model;
    this.#config = config;
    this.#batches = new Random(seed);
    this.#random = new RandomState(seed);
    this.#optimizer = owned.add(new Optimizer(gpu, model.parameters, optimizer, config));
    // What they hold is overwritten before the first step: they have the shapes of every batch.
    const { inputs, labels } = uploadExamples(gpu, draw(batchSize, new Random(seed)), owned);
    this.#inputs = inputs;
    this.#labels = labels;
    this.#one = owned.add(Tensor.from(gpu, hostTensor('f32', [1], Float32Array.of(1))));
    this.#owned = owned.move();
  }

  /** Captures what a step does on the device, for {@link Learner.step}. */
  async capture(): Promise<void> {
    this.#captured = await capture(this.#gpu, () => {
      using tape = this.#tape();
      const gradients = this.#gradients(tape);
      this.#model.keepStatistics?.();
      this.#optimizer.update(gradients);
      return {};
    });
  }

  /**
   * Replays the captured step on the next batch. Throws InvariantError before
   * {@link Learner.capture}.
   */
  step(): void {
    this.#advance();
    invariant(this.#captured, () => 'a step is replayed before one was captured');
    this.#captured.run();
    this.#random.advance();
    this.#gpu.submit();
  }

  /**
   * Records the step anew, with everything that it computed shown to `judge`: first the passes of
   * the model, then the update.
   */
  async judgedStep(judge: Judge): Promise<void> {
    this.#advance();
    const trace: Application<Tensor>[] = [];
    using tape = this.#tape(trace);
    const gradients = this.#gradients(tape);
    await judge(trace);
    this.#model.keepStatistics?.();
    await this.#optimizer.judgedUpdate(gradients, judge);
    this.#random.advance();
    this.#gpu.submit();
  }

  /** The state after the last step. */
  async checkpoint(): Promise<LearnerState> {
    return { ...(await this.#optimizer.read()), random: this.#random.base };
  }

  /**
   * Takes a state of a learner with the same model and configuration; the next step is the one after
   * it. Statistics that a model keeps beside its parameters are no part of it.
   */
  restore(state: LearnerState): void {
    this.#optimizer.write(state);
    this.#random.base = state.random;
    this.#batches = new Random(this.#config.seed);
    for (let step = 0; step < state.step; step++) drawBatch(this.#config, this.#batches);
  }

  /** The gradients of the last step; undefined where `keep_gradients` does not ask for them. */
  async readGradients(): Promise<StepGradients | undefined> {
    return await this.#optimizer.readGradients();
  }

  /**
   * Asks the model as it is outside of training: nothing is dropped, statistics are the running
   * ones.
   */
  async score(examples: Examples): Promise<Score> {
    return await score(this.#gpu, this.#model, examples, this.#config.autocast);
  }

  /** What a step does on the host. */
  #advance(): void {
    const { inputs, labels } = drawBatch(this.#config, this.#batches);
    for (const [name, tensor] of Object.entries(this.#inputs))
      tensor.write(inputs[name] as HostTensor);
    this.#labels.write(labels);
    this.#optimizer.advance();
  }

  #tape(trace?: Application<Tensor>[]): Tape {
    this.#random.begin();
    const { parameters } = this.#model;
    return new Tape(
      this.#gpu,
      parameters.names.map((name) => parameters.view(name)),
      { trace, random: this.#random, autocast: this.#config.autocast },
    );
  }

  #gradients(tape: Tape): ReadonlyMap<Tensor, Tensor> {
    const { loss } = lossOf(tape, this.#model, { inputs: this.#inputs, labels: this.#labels });
    return tape.backward(loss, this.#optimizer.lossScale ?? this.#one);
  }

  [Symbol.dispose](): void {
    this.#captured?.[Symbol.dispose]();
    this.#owned[Symbol.dispose]();
  }
}
