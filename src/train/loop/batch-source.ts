import type { Examples } from '../../data/examples.ts';

/** What a loop trains on. */
export interface BatchSource {
  /** The micro-batches of the next step; undefined where there are none left. */
  next(): readonly Examples[] | undefined;
  /**
   * What other ranks have of the step that was asked for last, where `next` gives a rank's part of
   * it. Default nothing.
   */
  readonly others?: readonly Examples[];
  /** Goes to where `step` steps are behind it. */
  seek(step: number): void;
}
