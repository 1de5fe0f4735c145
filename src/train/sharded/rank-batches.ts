import type { Examples } from '../../data/examples.ts';
import { seam } from '../../seam.ts';
import { hostTensor } from '../../tensor/host.ts';
import { IGNORED } from '../../vocabulary/nn/loss.ts';
import type { BatchSource } from '../loop/batch-source.ts';
import type { Part, Rank } from './rank.ts';

/** Which of `count` micro-batches a rank has: as many as the others, or one more. */
const shareOfRank = seam(
  'sharded.share_of_rank',
  (count: number, { rank, size }: Rank): Part => ({
    start: Math.floor((rank * count) / size),
    end: Math.floor(((rank + 1) * count) / size),
  }),
);

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
    const { start, end } = shareOfRank(parts.length, this.#rank);
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
