import type { Tier } from './tiers.ts';

/** What a run does, from one record that the page's address and the command line share. */
export interface RunOptions {
  readonly tier: Tier;
  /** Globs over `id`: `*` is any characters, several are or-ed, a leading `!` excludes. */
  readonly filters: readonly string[];
  /** Part `index` of `count`, by position among the cases that tier and filters leave; both from 1. */
  readonly shard: { readonly index: number; readonly count: number };
  /** Overrides every case's own time limit. Milliseconds. */
  readonly timeoutMs?: number;
  /**
   * Ends the run at the latest, whatever happens; the default follows from the tier. Milliseconds.
   */
  readonly deadlineMs?: number;
  readonly retries: number;
  /** Run every passing case again with its named fault, which must turn it red. */
  readonly controls: boolean;
  readonly seed: number;
  readonly shuffle: boolean;
  /** Workers with a device each. */
  readonly workers: number;
}

/** The quick tier of everything, with the defaults of every option. */
export const DEFAULT_RUN_OPTIONS: RunOptions = {
  tier: 'quick',
  filters: [],
  shard: { index: 1, count: 1 },
  retries: 0,
  controls: false,
  seed: 42,
  shuffle: false,
  workers: 2,
};
