import type { Examples } from '../../data/examples.ts';
import { type LabelledTokens, listed, paddedTexts } from '../../data/labelled-tokens.ts';
import { DataLoader } from '../../data/loader.ts';
import { seam } from '../../seam.ts';
import type { BatchSource } from '../loop/batch-source.ts';

/** How texts become steps. */
export interface TextBatchesOptions {
  /** Texts of a micro-batch. */
  readonly batchSize: number;
  /** Micro-batches of a step. */
  readonly accumulation: number;
  readonly seed: number;
}

/** Rows are filled up by this token: nothing asks for it, and no token before it sees it. */
const PAD = 0;

/** Texts as a batch, as long as the longest. */
export const collated = seam('train.llama.collated', paddedTexts(PAD));

/** All texts once an epoch, in an order of its own, without an end; no step holds two epochs. */
export class TextBatches implements BatchSource {
  readonly #texts: readonly LabelledTokens[];
  readonly #loader: DataLoader<LabelledTokens>;
  readonly #accumulation: number;
  /** Places of the texts of each batch of the epoch. */
  #batches: readonly (readonly number[])[];
  #epoch = 0;
  /** Steps of the epoch that are behind it. */
  #passed = 0;

  constructor(
    texts: readonly LabelledTokens[],
    { batchSize, accumulation, seed }: TextBatchesOptions,
  ) {
    this.#texts = texts;
    this.#loader = new DataLoader(listed(texts), collated, { batchSize, seed });
    this.#accumulation = accumulation;
    this.#batches = this.#loader.batchesOf(0);
  }

  /** Steps of an epoch: the last one has what is left. */
  get stepsOfEpoch(): number {
    return Math.ceil(this.#loader.batchCount / this.#accumulation);
  }

  next(): readonly Examples[] {
    const first = this.#passed * this.#accumulation;
    const parts = this.#batches.slice(first, first + this.#accumulation);
    this.seek(this.#epoch * this.stepsOfEpoch + this.#passed + 1);
    return parts.map((places) =>
      collated(places.map((place) => this.#texts[place] as LabelledTokens)),
    );
  }

  seek(step: number): void {
    const epoch = Math.floor(step / this.stepsOfEpoch);
    if (epoch !== this.#epoch) this.#batches = this.#loader.batchesOf(epoch);
    this.#epoch = epoch;
    this.#passed = step % this.stepsOfEpoch;
  }
}
