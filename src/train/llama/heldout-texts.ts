import type { Examples } from '../../data/examples.ts';
import type { LabelledTokens } from '../../data/labelled-tokens.ts';
import type { Gpu } from '../../gpu/gpu.ts';
import type { Llama } from '../../models/llama/llama.ts';
import { meanLoss } from '../mini-training.ts';
import { collated } from './text-batches.ts';

/** The texts that training does not see, in batches. */
export class HeldoutTexts {
  readonly #gpu: Gpu;
  readonly #model: Llama;
  readonly #batches: readonly Examples[];

  constructor(gpu: Gpu, model: Llama, texts: readonly LabelledTokens[], batchSize: number) {
    this.#gpu = gpu;
    this.#model = model;
    this.#batches = Array.from({ length: Math.ceil(texts.length / batchSize) }, (_, batch) =>
      collated(texts.slice(batch * batchSize, (batch + 1) * batchSize)),
    );
  }

  get isEmpty(): boolean {
    return this.#batches.length === 0;
  }

  /** The mean over all tokens that they ask for, in nats. */
  async loss(): Promise<number> {
    return await meanLoss(this.#gpu, this.#model, this.#batches, true);
  }
}
