import { seam } from '../seam.ts';
import { Random } from '../tensor/random.ts';
import type { Dataset } from './dataset.ts';
import { shuffled } from './epoch.ts';
import type { Examples } from './examples.ts';

/** Makes the tensors of a batch from its items. */
export type Collate<Item> = (items: readonly Item[]) => Examples;

/** How a loader cuts its items into batches. */
export interface LoaderOptions {
  /** Items of a batch; the last one has what is left. */
  readonly batchSize: number;
  /** Draws another order for each epoch. Default: the order of the indices. */
  readonly seed?: number;
  /** Leave out a last batch that is not full. Default false. */
  readonly dropLast?: boolean | undefined;
}

/** The items of an epoch in an order of its own. */
const orderOf = seam(
  'data.order_of',
  (indices: readonly number[], seed: number, epoch: number): readonly number[] =>
    shuffled(indices.length, new Random(seed, epoch)).map((at) => indices[at] as number),
);

const cut = seam(
  'data.cut',
  (
    order: readonly number[],
    batchSize: number,
    dropLast: boolean | undefined,
  ): readonly number[][] => {
    const batches = Array.from({ length: Math.ceil(order.length / batchSize) }, (_, batch) =>
      order.slice(batch * batchSize, (batch + 1) * batchSize),
    );
    return dropLast ? batches.filter(({ length }) => length === batchSize) : batches;
  },
);

/** Batches of some items of a data set, epoch by epoch. */
export class DataLoader<Item> {
  readonly #dataset: Dataset<Item>;
  readonly #indices: readonly number[];
  readonly #collate: Collate<Item>;
  readonly #options: LoaderOptions;

  /** `indices` are those of the items that it loads; default all. */
  constructor(
    dataset: Dataset<Item>,
    collate: Collate<Item>,
    options: LoaderOptions,
    indices?: readonly number[],
  ) {
    this.#dataset = dataset;
    this.#indices = indices ?? Array.from({ length: dataset.length }, (_, i) => i);
    this.#collate = collate;
    this.#options = options;
  }

  /** Batches of an epoch. */
  get batchCount(): number {
    return this.#cut(this.#indices).length;
  }

  /** Indices of the items of each batch of an epoch, which counts from 0. */
  batchesOf(epoch: number): readonly (readonly number[])[] {
    const { seed } = this.#options;
    return this.#cut(seed === undefined ? this.#indices : orderOf(this.#indices, seed, epoch));
  }

  /** The batches of an epoch, which counts from 0; each is made when it is asked for. */
  *epoch(epoch: number): Generator<Examples> {
    for (const batch of this.batchesOf(epoch))
      yield this.#collate(batch.map((index) => this.#dataset.item(index)));
  }

  #cut(order: readonly number[]): readonly (readonly number[])[] {
    const { batchSize, dropLast } = this.#options;
    return cut(order, batchSize, dropLast);
  }
}
