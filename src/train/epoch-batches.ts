import { countOf, drawEpoch } from '../data/epoch.ts';
import type { Examples } from '../data/examples.ts';
import { Random } from '../tensor/random.ts';
import type { BatchSource } from './loop/batch-source.ts';

/**
 * Batches of a fixed set of examples, all of them once an epoch, in an order of its own; the last
 * batch of an epoch takes what is left.
 */
export class EpochBatches implements BatchSource {
  readonly #examples: Examples;
  readonly #batchSize: number;
  readonly #seed: number;
  #random: Random;
  #left: readonly Examples[] = [];

  /** Orders are drawn from `seed`. */
  constructor(examples: Examples, batchSize: number, seed: number) {
    this.#examples = examples;
    this.#batchSize = batchSize;
    this.#seed = seed;
    this.#random = new Random(this.#seed);
  }

  /** Begins an epoch where the one before has ended. */
  begin(): void {
    if (this.#left.length === 0)
      this.#left = drawEpoch(this.#examples, this.#batchSize, this.#random);
  }

  /** The next batch of the epoch that was begun; undefined at its end. */
  next(): readonly Examples[] | undefined {
    const [batch, ...left] = this.#left;
    this.#left = left;
    return batch && [batch];
  }

  seek(step: number): void {
    const epoch = Math.ceil(countOf(this.#examples) / this.#batchSize);
    this.#random = new Random(this.#seed);
    this.#left = [];
    for (let passed = 0; passed < step; passed += epoch) {
      this.begin();
      this.#left = this.#left.slice(step - passed);
    }
  }
}
