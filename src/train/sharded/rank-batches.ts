import type { Examples } from '../../data/examples.ts';
import { hostTensor } from '../../tensor/host.ts';
import { IGNORED } from '../../vocabulary/nn/loss.ts';
import type { BatchSource } from '../loop/batch-source.ts';
import { partOf, type Rank } from './rank.ts';

/**
 * A rank's micro-batches of each step of a source, which every rank goes through alike. A rank for
 * which there is none has the first one and asks nothing of it, so that it takes part in the step.
 */
export class RankBatches implements BatchSource {
  readonly #source: BatchSource;
  readonly #rank: Rank;
  others: readonly Examples[] = [];

  constructor(source: BatchSource, rank: Rank) {
    this.#source = source;
    this.#rank = rank;
  }

  next(): readonly Examples[] | undefined {
    const parts = this.#source.next();
    if (!parts) return undefined;
    const { start, end } = partOf(parts.length, this.#rank);
    this.others = parts.toSpliced(start, end - start);
    return start < end ? parts.slice(start, end) : parts.slice(0, 1).map(askingNothing);
  }

  seek(step: number): void {
    this.#source.seek(step);
  }
}

const askingNothing = ({ inputs, labels: { shape, data } }: Examples): Examples => ({
  inputs,
  labels: hostTensor('i32', shape, new Int32Array(data.length).fill(IGNORED)),
});
