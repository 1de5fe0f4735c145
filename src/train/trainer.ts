import { Tape } from '../autograd/tape.ts';
import { contextsAt, randomBatch, spreadPositions } from '../data/contexts.ts';
import type { SplitText } from '../data/text.ts';
import { unigramEntropy } from '../data/unigram.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { Scope } from '../gpu/scope.ts';
import { ByteModel } from '../models/byte-model/byte-model.ts';
import { type HostTensor, hostTensor, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import type { TrainingConfig } from './config.ts';
import { DrawnBatches } from './drawn-batches.ts';
import type { Fingerprints } from './fingerprints.ts';
import { type LoopState, TrainingLoop } from './loop/training-loop.ts';
import { lossOf } from './loss.ts';
import { meanOfBatches } from './mean-of-batches.ts';
import { Optimizer } from './optimizer.ts';
import { scheduleOf } from './settings.ts';
import type { Judge } from './stage.ts';

/** Streams of the seed, one for each thing that is drawn. */
const STREAMS = { base: 0, adapters: 1, batches: 2 } as const;
const drawn = (seed: number, what: keyof typeof STREAMS) => new Random(seed, STREAMS[what]);
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
 * The byte model, its optimizer and its data on a device, in a loop. {@link Trainer.step} submits
 * once; nothing is read back until it is asked for.
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
  readonly #loop: TrainingLoop;
  /** The loss of every step, collected on the device. */
  readonly #losses: Tensor;
  readonly #heldoutIds: Tensor;
  readonly #heldoutLabels: Tensor;
  readonly #owned: Scope;
  #steps = 0;

  constructor(
    gpu: Gpu,
    text: SplitText,
    config: TrainingConfig,
    { frozen, fingerprints }: TrainerOptions = {},
  ) {
    const { model, seed, steps, batchSize, heldoutBytes } = config;
    using owned = new Scope();
    this.#gpu = gpu;
    this.#config = config;
    this.model = owned.add(new ByteModel(gpu, model, drawn(seed, 'base'), drawn(seed, 'adapters')));
    const { max_grad_norm, grad_scaler, autocast } = config;
    const optimizer = frozen
      ? undefined
      : owned.add(
          new Optimizer(gpu, this.model.parameters, config.optimizer, {
            schedule: scheduleOf(config),
            max_grad_norm: max_grad_norm || undefined,
            grad_scaler,
            fingerprints,
          }),
        );
    const source = new DrawnBatches({
      draw: (count, random) => {
        const { ids, labels } = randomBatch(text.train, count, model.context, random);
        return { inputs: { ids }, labels };
      },
      batchSize,
      seed,
      stream: STREAMS.batches,
    });
    const observers = { fingerprints, endStep: (loss: Tensor) => this.#keepLoss(loss) };
    this.#loop = owned.add(
      new TrainingLoop(gpu, { model: this.model, source, optimizer, autocast, observers }),
    );
    this.#losses = owned.add(Tensor.empty(gpu, 'f32', [steps]));
    const { ids, labels } = contextsAt(
      text.heldout,
      spreadPositions(text.heldout, model.context, heldoutBytes),
      model.context,
    );
    this.unigram = unigramEntropy(text.train, labels.data);
    this.#heldoutIds = owned.add(Tensor.from(gpu, ids));
    this.#heldoutLabels = owned.add(Tensor.from(gpu, labels));
    this.#owned = owned.move();
  }

  /** Held-out bytes that are asked about. */
  get heldoutCount(): number {
    return this.#heldoutLabels.size;
  }

  /** Makes one step on the next batch: see {@link TrainingLoop.step}. */
  async step(): Promise<void> {
    await this.#loop.step();
  }

  /**
   * From here on steps are replayed from a capture, with the same bits; judged ones are still
   * recorded anew.
   */
  async capture(): Promise<void> {
    await this.#loop.capture();
  }

  /**
   * As {@link Trainer.step}, with everything that it computed shown to `judge`: first the passes of
   * the model, then the update.
   */
  async judgedStep(judge: Judge): Promise<void> {
    await this.#loop.judgedStep(judge);
  }

  /** Shows the judge what was computed before the first step: the base in 4 bits. */
  async judgedBase(judge: Judge): Promise<void> {
    await this.model.showBase(drawn(this.#config.seed, 'base'), judge);
  }

  /** The state after the last step, from which {@link Trainer.restore} goes on bit by bit. */
  async checkpoint(): Promise<LoopState> {
    return await this.#loop.checkpoint();
  }

  /**
   * Takes a state of a trainer with the same text and configuration; the next step is the one after
   * it.
   */
  restore(state: LoopState): void {
    const { step } = state;
    this.#loop.restore(state);
    this.#steps = step;
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
      const { loss } = lossOf(tape, this.model, {
        inputs: { ids: this.#heldoutIds.view([size, context], { offset: start * context * 4 }) },
        labels: this.#heldoutLabels.view([size], { offset: start * 4 }),
      });
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
    return await this.model.forward(tape, { ids }).read();
  }

  /** A tape for answers without gradients. */
  #noGradTape(): Tape {
    return new Tape(this.#gpu, [], { autocast: this.#config.autocast });
  }

  #keepLoss(loss: Tensor): void {
    this.#losses.view([1], { offset: this.#steps * 4 }).copyFrom(loss);
    this.#steps += 1;
  }

  [Symbol.dispose](): void {
    this.#owned[Symbol.dispose]();
  }
}
