import type { Examples } from '../data/examples.ts';
import { GradproofError } from '../errors.ts';
import { seam } from '../seam.ts';
import type { BatchSource } from './loop/batch-source.ts';

/** So many batches at a time; the last group has what is left. */
const grouped = seam(
  'train.grouped',
  function* (batches: Iterable<Examples>, size: number): Generator<readonly Examples[]> {
    let group: Examples[] = [];
    for (const batch of batches) {
      group.push(batch);
      if (group.length !== size) continue;
      yield group;
      group = [];
    }
    if (group.length > 0) yield group;
  },
);

/** Batches that can be gone through only once were to be gone through again. */
class SpentBatchesError extends GradproofError {
  constructor() {
    super(
      'spent-batches',
      'the batches come from an iterator, which cannot go back: give an array, or an object whose [Symbol.iterator] begins anew',
    );
  }
}

/** Batches that are given, so many to a step; the last step has what is left. */
export class GroupedBatches implements BatchSource {
  readonly #batches: Iterable<Examples>;
  readonly #size: number;
  #groups: Iterator<readonly Examples[]>;

  constructor(batches: Iterable<Examples>, size: number) {
    this.#batches = batches;
    this.#size = size;
    this.#groups = this.#fresh();
  }

  next(): readonly Examples[] | undefined {
    const { done, value } = this.#groups.next();
    return done ? undefined : value;
  }

  /**
   * Goes through the batches again. Throws {@link SpentBatchesError} where they are an iterator, as
   * a generator is.
   */
  seek(step: number): void {
    if (Object.is(this.#batches[Symbol.iterator](), this.#batches)) throw new SpentBatchesError();
    this.#groups = this.#fresh();
    for (let passed = 0; passed < step; passed++) this.#groups.next();
  }

  #fresh(): Iterator<readonly Examples[]> {
    return grouped(this.#batches, this.#size);
  }
}
