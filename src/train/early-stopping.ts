import { seam } from '../seam.ts';

/** How far a run has come that stops when its held-out loss no longer falls. */
export interface EarlyStop {
  /** Index of the lowest loss, the first of several; -1 before there is one that is a number. */
  readonly best: number;
  /** Whether `patience` losses in a row were no lower than the best one before them. */
  readonly stops: boolean;
}

/** What the losses so far, one an epoch, say about going on. */
export const earlyStop = seam(
  'train.early_stop',
  (losses: readonly number[], patience: number): EarlyStop => {
    // A run that diverges must not forget which epoch was the best.
    const best = losses.indexOf(Math.min(...losses.filter((loss) => !Number.isNaN(loss))));
    return { best, stops: losses.length - 1 - best >= patience };
  },
);
