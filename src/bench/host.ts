import type { CaseOutcome } from '../harness/worker/messages.ts';
import type { Contender } from './contender.ts';
import type { BenchOptions } from './options.ts';
import type { Clock } from './stopwatch.ts';
import type { Work } from './work.ts';

/** Where bench runs. */
export interface BenchHost {
  readonly works: readonly Work[];
  /** Ours, the ceilings and the peers, in the order of a report. */
  readonly contenders: readonly Contender[];
  readonly options: BenchOptions;
  readonly now: Clock;
  /** The step of the clock, or of the news that the device is done where that is more. */
  readonly quantumMs: number;
  /** Ends the run after the batch that is going on. */
  readonly signal: AbortSignal;
  /** Whether the adapter is a processor. Default not. */
  readonly isProcessor?: boolean;
  /** Whether the tab is hidden, which browsers slow down. Default never. */
  readonly isHidden?: () => boolean;
  /** The first error that a device has told since this was last asked, and no scope has caught. */
  readonly takeGpuError?: () => string | undefined;
  /** The same work each time, whose time tells whether the machine runs at its usual pace. */
  readonly pulse?: () => Promise<void>;
}

/** A result without the environment that all share. */
export type BenchResult = CaseOutcome;

/** What happens while it runs, in order. */
export type BenchEvent =
  | { readonly type: 'start'; readonly total: number; readonly contenders: readonly string[] }
  | {
      readonly type: 'work';
      readonly id: string;
      readonly done: number;
      readonly total: number;
      /** Milliseconds to go, if the rest takes as long as what is done. */
      readonly remainingMs: number | undefined;
    }
  | { readonly type: 'results'; readonly results: readonly BenchResult[] }
  | { readonly type: 'end' };

export type BenchListener = (event: BenchEvent) => void;
