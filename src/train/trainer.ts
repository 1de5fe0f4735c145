import { contextsAt, randomBatch, spreadPositions } from '../data/contexts.ts';
import type { SplitText } from '../data/text.ts';
import { unigramEntropy } from '../data/unigram.ts';
import type { Gpu } from '../gpu/gpu.ts';
import { ByteModel } from '../nn/byte-model.ts';
import { type Application, Tape } from '../nn/tape.ts';
import { crossEntropy } from '../ops/nn/cross_entropy.ts';
import { type HostTensor, hostTensor, valuesOf } from '../tensor/host.ts';
import { Random } from '../tensor/random.ts';
import { Tensor } from '../tensor/tensor.ts';
import { AdamW, type OptimizerState } from './adamw.ts';
import type { TrainingConfig } from './config.ts';

/** Streams of the seed, one for each thing that is drawn. */
const STREAMS = { base: 0, adapters: 1, batches: 2 } as const;
/** Held-out contexts in one forward pass; a multiple of 64, so that parts of the uploaded ids can be bound. */
export const HELDOUT_BATCH = 512;

/** Looks at the applications of a judged step while their tensors live. */
export type Judge = (applications: readonly Application[]) => Promise<void>;

/**
 * A model, its optimizer and its data on a device. {@link Trainer.step} records one step and submits it once; nothing is read back
 * until somebody asks. A frozen trainer does everything but the optimizer's update.
 */
export class Trainer implements Disposable {
  readonly model: ByteModel;
  /** Surprise of the held-out bytes, those that {@link Trainer.heldoutLoss} averages over, to byte frequencies alone. Nats. */
  readonly unigram: number;
  readonly #gpu: Gpu;
  readonly #config: TrainingConfig;
  readonly #text: SplitText;
  readonly #optimizer: AdamW | undefined;
  #random: Random;
  readonly #ids: Tensor;
  readonly #labels: Tensor;
  /** Gradient of the loss by itself: 1. */
  readonly #one: Tensor;
  /** The loss of every step, collected on the device. */
  readonly #losses: Tensor;
  readonly #heldoutIds: Tensor;
  readonly #heldoutLabels: Tensor;
  #steps = 0;

  constructor(gpu: Gpu, text: SplitText, config: TrainingConfig, options: { readonly frozen: boolean } = { frozen: false }) {
    const { model, seed, steps, batchSize, optimizer, heldoutBytes } = config;
    this.#gpu = gpu;
    this.#config = config;
    this.#text = text;
    this.model = new ByteModel(gpu, model, new Random(seed, STREAMS.base), new Random(seed, STREAMS.adapters));
    this.#optimizer = options.frozen ? undefined : new AdamW(gpu, this.model.parameters, optimizer);
    this.#random = new Random(seed, STREAMS.batches);
    this.#ids = Tensor.empty(gpu, 'i32', [batchSize, model.context]);
    this.#labels = Tensor.empty(gpu, 'i32', [batchSize]);
    this.#one = Tensor.from(gpu, hostTensor('f32', [1], Float32Array.of(1)));
    this.#losses = Tensor.empty(gpu, 'f32', [steps]);
    const heldout = contextsAt(text.heldout, spreadPositions(text.heldout, model.context, heldoutBytes), model.context);
    this.#heldoutIds = Tensor.from(gpu, heldout.ids);
    this.#heldoutLabels = Tensor.from(gpu, heldout.labels);
    this.unigram = unigramEntropy(text.train, heldout.labels.data);
  }

  /** Held-out bytes that are asked about. */
  get heldoutCount(): number {
    return this.#heldoutLabels.size;
  }

  /** Records and submits one step on the next batch: forward, backward, update, without a readback. */
  step(): void {
    using tape = new Tape(this.#gpu, this.#watched);
    const gradients = this.#gradients(tape);
    this.#optimizer?.step(gradients);
    this.#gpu.submit();
  }

  /** As {@link Trainer.step}, with everything that it computed shown to `judge`: first the passes of the model, then the update. */
  async judgedStep(judge: Judge): Promise<void> {
    const trace: Application[] = [];
    using tape = new Tape(this.#gpu, this.#watched, trace);
    const gradients = this.#gradients(tape);
    await judge(trace);
    await this.#optimizer?.judgedStep(gradients, judge);
  }

  /** Shows the judge what was computed before the first step: the base in 4 bits. */
  async judgedBase(judge: Judge): Promise<void> {
    await this.model.showBase(new Random(this.#config.seed, STREAMS.base), judge);
  }

  /** The state after the last step, from which {@link Trainer.restore} goes on bit by bit; none of a frozen trainer. */
  async checkpoint(): Promise<OptimizerState | undefined> {
    return await this.#optimizer?.read();
  }

  /** Takes a state of a trainer with the same text and configuration; the next step is the one after it. */
  restore(state: OptimizerState): void {
    const { seed, batchSize, model } = this.#config;
    this.#optimizer?.write(state);
    this.#random = new Random(seed, STREAMS.batches);
    for (let step = 0; step < state.step; step++) randomBatch(this.#text.train, batchSize, model.context, this.#random);
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
    using sums = Tensor.empty(this.#gpu, 'f32', [Math.ceil(count / HELDOUT_BATCH)]);
    for (let batch = 0; batch < sums.size; batch++) {
      const start = batch * HELDOUT_BATCH;
      const size = Math.min(HELDOUT_BATCH, count - start);
      using tape = new Tape(this.#gpu);
      const loss = this.#loss(
        tape,
        this.#heldoutIds.view([size, context], { offset: start * context * 4 }),
        this.#heldoutLabels.view([size], { offset: start * 4 }),
      );
      sums.view([1], { offset: batch * 4 }).copyFrom(loss);
    }
    const means = valuesOf(await sums.read());
    return means.reduce((sum, mean, batch) => sum + mean * Math.min(HELDOUT_BATCH, count - batch * HELDOUT_BATCH), 0) / count;
  }

  /** Logits of the byte after `context`. */
  async logits(context: Uint8Array): Promise<HostTensor> {
    using ids = Tensor.from(this.#gpu, hostTensor('i32', [1, context.length], Int32Array.from(context)));
    using tape = new Tape(this.#gpu);
    return await this.model.forward(tape, ids).read();
  }

  /** Values that training changes. */
  get #watched(): readonly Tensor[] {
    return this.model.parameters.names.map((name) => this.model.parameters.view(name));
  }

  #gradients(tape: Tape): ReadonlyMap<Tensor, Tensor> {
    const { batchSize, model } = this.#config;
    const { ids, labels } = randomBatch(this.#text.train, batchSize, model.context, this.#random);
    this.#ids.write(ids);
    this.#labels.write(labels);
    const loss = this.#loss(tape, this.#ids, this.#labels);
    const gradients = tape.backward(loss, this.#one);
    this.#losses.view([1], { offset: this.#steps * 4 }).copyFrom(loss);
    this.#steps += 1;
    return gradients;
  }

  #loss(tape: Tape, ids: Tensor, labels: Tensor): Tensor {
    return tape.apply(crossEntropy, { logits: this.model.forward(tape, ids), labels }, { reduction: 'mean', log_probs: false }, 'loss')
      .loss;
  }

  [Symbol.dispose](): void {
    this.model[Symbol.dispose]();
    this.#optimizer?.[Symbol.dispose]();
    for (const tensor of [this.#ids, this.#labels, this.#one, this.#losses, this.#heldoutIds, this.#heldoutLabels])
      tensor[Symbol.dispose]();
  }
}
