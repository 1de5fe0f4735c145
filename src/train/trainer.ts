import { type CapturedStep, capture } from '../autograd/capture.ts';
import { Tape } from '../autograd/tape.ts';
import { contextsAt, randomBatch, spreadPositions } from '../data/contexts.ts';
import type { SplitText } from '../data/text.ts';
import { unigramEntropy } from '../data/unigram.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import type { Application } from '../graph/call.ts';
import { ByteModel } from '../models/byte-model/byte-model.ts';
import { crossEntropy } from '../ops/nn/cross_entropy.ts';
import { type HostTensor, hostTensor, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { TrainingConfig } from './config.ts';
import type { Fingerprints } from './fingerprints.ts';
import { meanOfBatches } from './mean-of-batches.ts';
import { Optimizer, type OptimizerState } from './optimizer.ts';
import { scheduleOf } from './settings.ts';
import type { Judge } from './stage.ts';

/** Streams of the seed, one for each thing that is drawn. */
const STREAMS = { base: 0, adapters: 1, batches: 2 } as const;
/**
 * Held-out contexts in one forward pass; a multiple of 64, so that parts of the uploaded ids can be
 * bound.
 */
export const HELDOUT_BATCH = 512;

/** What is left out of a trainer, or added to it. */
export interface TrainerOptions {
  /** Do everything but the optimizer's update. Default false. */
  readonly frozen?: boolean;
  /** See what every op of every step computes. Default none. */
  readonly fingerprints?: Fingerprints;
}

/**
 * A model, its optimizer and its data on a device. {@link Trainer.step} records one step and
 * submits it once; nothing is read back until it is asked for.
 */
export class Trainer implements Disposable {
  readonly model: ByteModel;
  /**
   * Cross-entropy of byte frequencies alone on the held-out bytes, those that
   * {@link Trainer.heldoutLoss} averages over. Nats.
   */
  readonly unigram: number;
  readonly #gpu: Gpu;
  readonly #config: TrainingConfig;
  readonly #text: SplitText;
  readonly #optimizer: Optimizer | undefined;
  readonly #fingerprints: Fingerprints | undefined;
  #random: Random;
  readonly #ids: Tensor;
  readonly #labels: Tensor;
  /** Gradient of the loss by itself: 1. */
  readonly #one: Tensor;
  /** The loss of every step, collected on the device. */
  readonly #losses: Tensor;
  readonly #lastLoss: Tensor;
  readonly #heldoutIds: Tensor;
  readonly #heldoutLabels: Tensor;
  readonly #owned: Scope;
  #steps = 0;
  #captured: CapturedStep | undefined;

  constructor(
    gpu: Gpu,
    text: SplitText,
    config: TrainingConfig,
    { frozen = false, fingerprints }: TrainerOptions = {},
  ) {
    const { model, seed, steps, batchSize, heldoutBytes } = config;
    using owned = new Scope();
    this.#gpu = gpu;
    this.#config = config;
    this.#text = text;
    this.model = owned.add(
      new ByteModel(gpu, model, new Random(seed, STREAMS.base), new Random(seed, STREAMS.adapters)),
    );
    const { optimizer, max_grad_norm, grad_scaler } = config;
    const options = {
      schedule: scheduleOf(config),
      max_grad_norm: max_grad_norm || undefined,
      grad_scaler,
      fingerprints,
    };
    this.#optimizer = frozen
      ? undefined
      : owned.add(new Optimizer(gpu, this.model.parameters, optimizer, options));
    this.#fingerprints = fingerprints;
    this.#random = new Random(seed, STREAMS.batches);
    this.#ids = owned.add(Tensor.empty(gpu, 'i32', [batchSize, model.context]));
    this.#labels = owned.add(Tensor.empty(gpu, 'i32', [batchSize]));
    this.#one = owned.add(Tensor.from(gpu, hostTensor('f32', [1], Float32Array.of(1))));
    this.#losses = owned.add(Tensor.empty(gpu, 'f32', [steps]));
    this.#lastLoss = owned.add(Tensor.empty(gpu, 'f32', [1]));
    const heldout = contextsAt(
      text.heldout,
      spreadPositions(text.heldout, model.context, heldoutBytes),
      model.context,
    );
    this.#heldoutIds = owned.add(Tensor.from(gpu, heldout.ids));
    this.#heldoutLabels = owned.add(Tensor.from(gpu, heldout.labels));
    this.unigram = unigramEntropy(text.train, heldout.labels.data);
    this.#owned = owned.move();
  }

  /** Held-out bytes that are asked about. */
  get heldoutCount(): number {
    return this.#heldoutLabels.size;
  }

  /**
   * Runs one step on the next batch in one submit: forward, backward, update, without a readback.
   */
  step(): void {
    this.#advance();
    if (this.#captured) {
      this.#captured.run();
      this.#fingerprints?.keepCaptured();
    } else this.#record();
    this.#keepLoss();
    this.#fingerprints?.endStep();
    this.#gpu.submit();
  }

  /**
   * From here on steps are replayed from a capture, with the same bits; judged ones are still
   * recorded anew. With fingerprints one step must have run before.
   */
  async capture(): Promise<void> {
    const fingerprints = this.#fingerprints;
    fingerprints?.prepareCapture();
    const step = () => {
      if (fingerprints) fingerprints.recordCaptured(() => this.#record());
      else this.#record();
      return {};
    };
    // Bits that are compared with those of a recorded step must not depend on what a compiler makes
    // of two functions in one kernel.
    this.#captured = await capture(this.#gpu, step, { fuse: !fingerprints });
  }

  /**
   * As {@link Trainer.step}, with everything that it computed shown to `judge`: first the passes of
   * the model, then the update.
   */
  async judgedStep(judge: Judge): Promise<void> {
    this.#advance();
    const trace: Application<Tensor>[] = [];
    using tape = this.#tape(trace);
    const gradients = this.#gradients(tape);
    this.#keepLoss();
    await judge(trace);
    await this.#optimizer?.judgedUpdate(gradients, judge);
    this.#fingerprints?.endStep();
  }

  /** Shows the judge what was computed before the first step: the base in 4 bits. */
  async judgedBase(judge: Judge): Promise<void> {
    await this.model.showBase(new Random(this.#config.seed, STREAMS.base), judge);
  }

  /**
   * The state after the last step, from which {@link Trainer.restore} goes on bit by bit; none of a
   * frozen trainer.
   */
  async checkpoint(): Promise<OptimizerState | undefined> {
    return await this.#optimizer?.read();
  }

  /**
   * Takes a state of a trainer with the same text and configuration; the next step is the one after
   * it.
   */
  restore(state: OptimizerState): void {
    const { seed, batchSize, model } = this.#config;
    this.#optimizer?.write(state);
    this.#random = new Random(seed, STREAMS.batches);
    for (let step = 0; step < state.step; step++)
      randomBatch(this.#text.train, batchSize, model.context, this.#random);
    this.#steps = state.step;
  }

  /** The losses of the steps from `from` (0 is the first) on to the last one done. */
  async losses(from: number): Promise<number[]> {
    const part = this.#losses.view([this.#steps - from], { offset: from * 4 });
    return Array.from((await part.read()).data);
  }

  /** Mean loss over the held-out bytes, in nats a byte. */
  async heldoutLoss(): Promise<number> {
    const count = this.#heldoutLabels.size;
    const { context } = this.model.config;
    const starts = Array.from(
      { length: Math.ceil(count / HELDOUT_BATCH) },
      (_, batch) => batch * HELDOUT_BATCH,
    );
    const sizeAt = (start: number) => Math.min(HELDOUT_BATCH, count - start);
    using losses = Tensor.empty(this.#gpu, 'f32', [starts.length]);
    for (const [batch, start] of starts.entries()) {
      const size = sizeAt(start);
      using tape = this.#noGradTape();
      const loss = this.#loss(
        tape,
        this.#heldoutIds.view([size, context], { offset: start * context * 4 }),
        this.#heldoutLabels.view([size], { offset: start * 4 }),
      );
      losses.view([1], { offset: batch * 4 }).copyFrom(loss);
    }
    const means = valuesOf(await losses.read());
    return meanOfBatches(
      starts.map((start, batch) => ({ mean: means[batch] as number, asked: sizeAt(start) })),
    );
  }

  /** Logits of the byte after `context`. */
  async logits(context: Uint8Array): Promise<HostTensor> {
    using ids = Tensor.from(
      this.#gpu,
      hostTensor('i32', [1, context.length], Int32Array.from(context)),
    );
    using tape = this.#noGradTape();
    return await this.model.forward(tape, ids).read();
  }

  /** Values that training changes. */
  get #watched(): readonly Tensor[] {
    return this.model.parameters.names.map((name) => this.model.parameters.view(name));
  }

  /** The tape of a training step. */
  #tape(trace?: Application<Tensor>[]): Tape {
    const watch = ({ gradients, outputs }: Application<Tensor>) =>
      this.#fingerprints?.see(gradients ?? outputs);
    return new Tape(this.#gpu, this.#watched, { trace, watch, autocast: this.#config.autocast });
  }

  /** A tape for answers without gradients. */
  #noGradTape(): Tape {
    return new Tape(this.#gpu, [], { autocast: this.#config.autocast });
  }

  /** What a step does on the host: it draws the next batch and counts. */
  #advance(): void {
    const { batchSize, model } = this.#config;
    const { ids, labels } = randomBatch(this.#text.train, batchSize, model.context, this.#random);
    this.#ids.write(ids);
    this.#labels.write(labels);
    this.#optimizer?.advance();
    this.#steps += 1;
  }

  /** What a step does on the device, the same each time. */
  #record(): void {
    using tape = this.#tape();
    this.#optimizer?.update(this.#gradients(tape));
  }

  #gradients(tape: Tape): ReadonlyMap<Tensor, Tensor> {
    const loss = this.#loss(tape, this.#ids, this.#labels);
    this.#lastLoss.copyFrom(loss);
    return tape.backward(loss, this.#optimizer?.lossScale ?? this.#one);
  }

  #keepLoss(): void {
    this.#losses.view([1], { offset: (this.#steps - 1) * 4 }).copyFrom(this.#lastLoss);
  }

  #loss(tape: Tape, ids: Tensor, labels: Tensor): Tensor {
    return tape.apply(
      crossEntropy,
      { logits: this.model.forward(tape, ids), labels },
      { reduction: 'mean', log_probs: false },
      'loss',
    ).loss;
  }

  [Symbol.dispose](): void {
    this.#captured?.[Symbol.dispose]();
    this.#owned[Symbol.dispose]();
  }
}
