import type { DeviceLostError } from '../gpu/gpu.ts';
import type { CaseOutcome } from '../harness/worker/messages.ts';
import type { Environment } from '../report/schema.ts';
import type { Contender } from './contender.ts';
import type { BenchOptions } from './options.ts';
import type { Clock } from './stopwatch.ts';
import type { Work } from './work.ts';

/** What goes with the devices that it is on. */
export interface OnDevices {
  /** Ours, the ceilings and the peers, in the order of a report. */
  readonly contenders: readonly Contender[];
  /** The step of the clock, or of the news that the device is done where that is more. */
  readonly quantumMs: number;
  /** The same work each time, whose time tells whether the machine runs at its usual pace. */
  readonly pulse?: () => Promise<void>;
  /** The loss of one of the devices, which are asked. Default none. */
  readonly lost?: () => Promise<DeviceLostError | undefined>;
}

/** Where bench runs. */
export interface BenchHost extends OnDevices {
  readonly works: readonly Work[];
  readonly options: BenchOptions;
  readonly now: Clock;
  /** Ends the run after the batch that is going on. */
  readonly signal: AbortSignal;
  /** Whether the adapter is a processor. Default not. */
  readonly isProcessor?: boolean;
  /** Whether the tab is hidden, which browsers slow down. Default never. */
  readonly isHidden?: () => boolean;
  /** The first error that a device has told since this was last asked, and no scope has caught. */
  readonly takeGpuError?: () => string | undefined;
  /** Opens all anew on other devices after a loss. Throws where none can be had. */
  readonly reopen?: () => Promise<OnDevices>;
}

/** A result without the environment that all share. */
export type BenchResult = CaseOutcome;

/** What happens while it runs, in order. */
export type BenchEvent =
  | { readonly type: 'opened'; readonly environment: Environment }
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
  | {
      readonly type: 'end';
      /** Why works are left, if not because the signal aborted. */
      readonly problem?: string;
    };

export type BenchListener = (event: BenchEvent) => void;
