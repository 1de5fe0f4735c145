import type { BenchOptions } from './options.ts';

/** What to time, and beside whom. */
export interface BenchRequest {
  readonly options: BenchOptions;
  /** Names of peers, of those that are installed. */
  readonly peers: readonly string[];
}
