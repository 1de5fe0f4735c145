import type { Draw, Examples } from '../data/examples.ts';
import { seam } from '../seam.ts';
import { Random } from '../tensor/random.ts';
import type { BatchSource } from './loop/batch-source.ts';

/** How batches are drawn. */
export interface DrawnBatchesOptions {
  readonly draw: Draw;
  /** Examples of a step. */
  readonly batchSize: number;
  readonly seed: number;
  /** Stream of the seed. Default 0. */
  readonly stream?: number;
}

const drawBatch = seam(
  'train.draw_batch',
  ({ draw, batchSize }: DrawnBatchesOptions, random: Random): Examples => draw(batchSize, random),
);

/** Batches that are drawn anew for each step, without an end. */
export class DrawnBatches implements BatchSource {
  readonly #options: DrawnBatchesOptions;
  #random: Random;

  constructor(options: DrawnBatchesOptions) {
    this.#options = options;
    this.#random = this.#fresh();
  }

  next(): readonly Examples[] {
    return [drawBatch(this.#options, this.#random)];
  }

  /** Draws again what was drawn before: as long as the steps are many. */
  seek(step: number): void {
    this.#random = this.#fresh();
    for (let drawn = 0; drawn < step; drawn++) this.next();
  }

  #fresh(): Random {
    const { seed, stream } = this.#options;
    return new Random(seed, stream);
  }
}
